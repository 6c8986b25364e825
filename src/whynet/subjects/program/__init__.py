"""A program as it is: it runs in a process of its own (`run`, `child`); what it computes in a few iterations is
recorded (`rewrite`, `recorder`, `tape`), differentiated (`reverse`), understood (`loop`, `costs`), judged (`xray`)."""
