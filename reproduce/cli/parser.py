"""The verbs of the command line and their parser. Nothing slow is imported, for ``--help``."""

import argparse
import importlib

# What each verb does, in the groups and the order of --help. A verb is the module of this package that bears
# its name, with `add_options(parser)` and `run(request)`; it is imported when the verb is used.
VERBS = {
    "the paper": {
        "all": "all tables, figures and studies of the paper, and a page that shows them",
        "table1": "train what is missing of Table 1 and compare it with the paper",
        "table2": "official scores of the baseline and of the best row",
        "table3": "train what is missing of Table 3 and compare it with the paper",
        "table4": "other methods as published, this one as measured",
        "compare": "Table 1 or 3 of finished runs; start none",
        "figures": "draw Figures 2, 3 and 4 from finished runs",
        "text-numbers": "color alone, depth alone, the 1×1 embedding, cost of inference",
        "claims": "check the claims of the text on the paper's numbers and on ours",
    },
    "beyond the paper": {
        "grid-search": "the paper's 24 combinations of weights, and the best of them",
        "weightings": "every weighting on each set of tasks, beside the single task and GS",
        "readings": "one row under each other reading of the paper, one at a time",
    },
    "one run": {
        "train": "train and evaluate one run",
        "evaluate": "evaluate a finished run again from its weights",
        "samples": "draw predictions of a finished run",
        "export": "write the segmentation network of a run for other programs",
        "predict": "predict any images with a finished run",
        "status": "list the runs and the progress of each",
    },
    "data and machine": {
        "verify": "check that a data set is complete and undamaged",
        "scenes": "write embedded street scenes as a data set",
        "check": "whether this machine trains as it should, and how fast",
    },
}


def parse(argv=None):
    """The `Request` of a command line; exits after ``--help`` and after wrong usage."""
    given = vars(_make_parser().parse_args(argv))
    from selfsup_segmentation.reproduce.cli.request import Request  # here, because --help ends above

    return Request(**{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})


def module_of(verb):
    """The module of a verb."""
    return importlib.import_module(f"selfsup_segmentation.reproduce.cli.{verb.replace('-', '_')}")


def _make_parser():
    parser = argparse.ArgumentParser(
        prog="reproduce",
        usage="reproduce [-h] VERB ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Reproduce 'Boosting semantic segmentation with multi-task self-supervised learning for\n"
        "autonomous driving applications' (Novosel, Viswanath, Arsenali; 2019).",
        epilog="reproduce VERB --help shows the options of a verb.",
    )
    listed = [
        "\n".join([f"{group}:", *(f"  {verb:14}{text}" for verb, text in verbs.items())])
        for group, verbs in VERBS.items()
    ]
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="VERB", parser_class=_VerbParser, title="verbs",
        description="\n\n".join(listed), help=argparse.SUPPRESS, prog="reproduce",
    )  # fmt: skip
    for verb, text in (item for group in VERBS.values() for item in group.items()):
        # Options that are not given are left to the defaults of `Request`.
        about = f"{text[0].upper()}{text[1:]}."
        verbs.add_parser(verb, description=about, argument_default=argparse.SUPPRESS).verb = verb
    return parser


class _VerbParser(argparse.ArgumentParser):
    """The parser of one verb; it receives its options when the verb is used, and most never are."""

    verb = None

    def parse_known_args(self, args=None, namespace=None):
        if self.verb:
            module_of(self.verb).add_options(self)
            self.verb = None
        return super().parse_known_args(args, namespace)
