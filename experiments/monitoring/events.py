"""``--json-log FILE``: what happens, one JSON object a line, for programs that watch; no TensorFlow.

Each object has ``event`` and ``time`` (ISO 8601, UTC); those of a run have ``run``, its folder below the runs
folder. Lines are only ever appended, each in one piece, so that several processes may share a file.

| event | more fields |
|---|---|
| ``run started`` | ``epochs``, ``tasks``, ``weighting``, ``init``, ``seed``; also when a run goes on |
| ``epoch`` | ``epoch`` (from 1), ``epochs``, and as in history.csv ``loss``, ``loss_<task>``, ``weight_<task>``, ``learning_rate`` (of its last step), ``images_per_second``, ``val_<metric>`` (null where nothing was validated) |
| ``run finished`` | ``headline``: its numbers; ``seconds`` of this session |
| ``no result`` | ``reason`` |
| ``run stopped`` | ``reason``: a signal, or an error; the run can go on |
| ``table done`` | ``table``; ``finished``: number of runs; ``no_result``: reasons by run; ``files`` |
"""  # noqa: E501 - a table

import datetime
import json
import os

from selfsup_segmentation.experiments.records.store import plain_values


def log_event(path, event, run=None, **fields):
    """Append an event.

    Args:
        path: of the file; None to log nothing.
        event: its name, see above.
        run: `experiments.run.Run`, where it is about one.
        **fields: of the event, plain JSON values; NaN becomes null.
    """
    if path is None:
        return
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    content = {"event": event, "time": now} | ({} if run is None else {"run": run.folder}) | fields
    line = json.dumps(plain_values(content), ensure_ascii=False, allow_nan=False) + "\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
