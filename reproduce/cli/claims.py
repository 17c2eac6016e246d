"""``reproduce claims``: the claims of the paper's text, on its numbers and on ours."""

import functools

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.claims.claims import CLAIMS
from selfsup_segmentation.reproduce.claims.document import claims_document
from selfsup_segmentation.reproduce.claims.verdicts import evaluate, measured_numbers, published_numbers
from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import open_session


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes")
    options.out(parser)


def run(request):
    """Evaluate the claims on the paper's numbers and on those of finished runs."""
    session = open_session(request)
    label = session.label
    kitti = catalog.dataset_label("scenes-kitti" if label.startswith("scenes") else "kitti", session.scale)
    runs = [*session.table1_runs(), *session.single_task_runs()]
    kitti_runs = catalog.table3_runs(kitti, label, request.seeds, session.readings)
    (table1, _), (table3, _) = session.collect(runs), session.collect(kitti_runs)
    runs += kitti_runs
    paper = evaluate(CLAIMS, published_numbers())
    ours = evaluate(CLAIMS, measured_numbers(table1, table3))
    shown = [(catalog.table_row(run), run) for run in runs]
    verdicts = (paper, ours, session.notes_on(runs))
    from selfsup_segmentation.reproduce.report.pages import claims_html  # brings matplotlib

    html = functools.partial(claims_html, *verdicts)
    return session.show_page(claims_document(*verdicts), "claims", html, shown)
