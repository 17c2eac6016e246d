"""The page of a verb, from what its session has at hand; TensorFlow is never imported for it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.formats import write_texts
from selfsup_segmentation.reproduce.report.images import draw_samples, embed, figures
from selfsup_segmentation.reproduce.report.page import PageContext

NO_IMAGES = (
    "None yet. reproduce figures draws them from finished runs into the folder of this page; the command "
    "that made this page then shows them here."
)


def write_page(
    session,
    stem: str,
    shown: Sequence[tuple[str, Run]],
    files: Sequence[Path],
    to_html: Callable[[PageContext], str],
    sampled: Sequence[tuple[str, Run]] = (),
) -> Path:
    """Write the page of some numbers beside their other files.

    Args:
        session: `reproduce.cli.session.Session`.
        stem: of the file.
        shown: (name of the row, run) of the rows, and of baselines that are no row.
        files: the same numbers in other formats; images among them are shown.
        to_html: renders the numbers.
        sampled: (description, run) of predictions to show; new ones are drawn if the data is open already.

    Returns:
        Path of the page.
    """
    paths = [path for path in files if path.suffix == ".png"]
    for label in dict.fromkeys(run.dataset for _, run in shown):
        paths += figures(session.out, label)
    images, problem = [embed(path) for path in paths], NO_IMAGES
    library = vars(session).get("data_library")
    try:
        for description, run in sampled:
            path = draw_samples(run, session.store, library, session.out)
            if path:
                images.append(embed(path, [f"{description}: {run}. Validation images, evenly spaced."]))
    except InputError as reason:  # of a damaged run; the numbers are worth a page without its images
        problem = f"Predictions cannot be drawn: {reason}"
    context = PageContext(shown, session.store, session.readings, session.label, images, problem, files)
    return write_texts(session.out, stem, {"html": to_html(context)})[0]
