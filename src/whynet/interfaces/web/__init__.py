"""The page of `whynet serve`: draw a digit, watch it learn, break it, and see why it does not.

server.py       opens the port, prints the address
app.py          the routes: an allow-list of methods and paths
guard.py        who may ask: Host, Origin, token, sizes of bodies, headers of answers
connections.py  how many may be open, and for how long one may be silent
requests.py     what a request may say, checked
jobs.py         one training at a time in a process of its own, the rest in a queue
child.py        that process; trainee.py, twins.py, riddle.py, consultation.py: Train, the ward, the quiz, the doctor
stream.py       what jobs say, to every page that listens
desk.py         the network that is looked at: drawings, units, mistakes; activity.py, nearest.py
uploads.py, exports.py, presets.py, reading.py: what comes in and goes out
static/         the page itself: one noun a file
"""
