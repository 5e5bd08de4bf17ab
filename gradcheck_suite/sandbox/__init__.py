"""Running code that nobody has read: theory of operation.

Who knows what. The grader (``supervisor``) holds programs, answers, seeds and verdicts. A worker
(``worker``) holds one submission and is handed Programs, without names, categories or answers; it
sends back what was seen, and the grader judges. A process that has imported a submission is spent:
nothing it says is trusted beyond being numbers, and it ends by SIGKILL.

Start. The supervisor executes a fresh interpreter (never a fork of itself: its memory holds the
answers) with a clean environment, in a session of its own, in an empty directory of its own, with
two pipes and nothing else; what the submission prints goes to /dev/null. The worker then

1. imports NumPy and the few modules of this package that it needs;
2. moves the pipes away from the numbers at which a submission would look for them;
3. puts on the layers, in the order of ``layers.put_on``;
4. *tries* what the layers should forbid (``isolation.probe``) and reports what was found out;
5. only now imports the submission, finds its engine and reports how it is spoken to.

A fault before step 5 is this project's own (SandboxError, or ``Lost("infrastructure")``).

Cases. One request, one reply, in order, so that it is known which case hung: a few requests are
sent ahead, which go to a fresh worker when this one does not come to answer them. Frames are
bounded before they are read (``wire``), and their content is read by decoders that know plain data
and nothing else (``plain``, ``answers``). A byte that was not asked for is an attack.

Clocks. Only the grader's clock counts (``clock``): wall time, less the time for which the worker
was ready to run and the machine was busy with something else. There is a limit for the import,
one for a case and one for all cases of a submission.

The end. A worker that hangs, dies or breaks the rules is killed with its whole process group and
reaped; the case is ``Lost``, and the next case gets a new worker, until there were too many deaths.

What is claimed. The level of isolation (``isolation``) is computed from what the probe found, never
from the names of mechanisms.
"""
