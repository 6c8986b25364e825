"""Programs that train with PyTorch, Keras or scikit-learn: each library is watched from inside as the program runs.

`examine` starts the program and reads what was found; in its process `inside` hangs `torch`, `keras` and `sklearn` on
the libraries as the program imports them, and `lines` says where in the program something happens.
"""

from __future__ import annotations

from whynet.subjects.program.guests.examine import examine_guest as examine_guest
