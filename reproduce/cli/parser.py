"""The command line: its verbs. Nothing is imported that takes time, for ``--help``."""

import argparse

# Verb -> (module and function that carry it out, what it does), in the order of --help.
VERBS = {
    "all": ("cli.everything:all_command", "make all that is below, and a page of it"),
    "table1": (
        "cli.table_commands:table1_command",
        "train what is missing of Table 1 and print it beside the published numbers",
    ),
    "table3": (
        "cli.table_commands:table3_command",
        "train what is missing of Table 3 and print it beside the published numbers",
    ),
    "compare": ("cli.table_commands:compare_command", "print a table of what is finished; start no run"),
    "table2": ("cli.table_commands:table2_command", "official scores of the baseline and the best row"),
    "table4": (
        "cli.table_commands:table4_command",
        "print Table 4: other methods as published, this one as measured",
    ),
    "claims": (
        "cli.table_commands:claims_command",
        "check what the paper's text says, on its numbers and on ours",
    ),
    "figures": ("cli.study_commands:figures_command", "draw Figures 2, 3 and 4 from finished runs"),
    "text-numbers": (
        "cli.study_commands:text_numbers_command",
        "color alone, depth alone, the 1×1 embedding, and the cost of inference",
    ),
    "grid-search": (
        "cli.study_commands:grid_search_command",
        "the paper's 24 combinations of weights, and the picks",
    ),
    "readings": (
        "cli.study_commands:readings_command",
        "one row under each other reading of the paper, one at a time",
    ),
    "train": ("cli.commands:train_command", "train and evaluate one run"),
    "verify": ("cli.verify:verify_command", "is a data set whole? names what is not"),
    "evaluate": ("cli.commands:evaluate_command", "evaluate a finished run again from its weights"),
    "samples": ("cli.commands:samples_command", "draw predictions of a finished run"),
    "export": ("cli.export:export_command", "write a run's segmentation network for others"),
    "predict": ("cli.predict:predict_command", "predict images with a finished run"),
    "status": ("cli.commands:status_command", "list the runs and how far each is"),
    "bench": ("bench.command:bench_command", "time this code beside what one would use in its place"),
    "scenes": ("cli.commands:scenes_command", "write embedded street scenes as a data set"),
}


def make_parser():
    """The parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="reproduce",
        description="Reproduce 'Boosting semantic segmentation with multi-task self-supervised learning for "
        "autonomous driving applications' (Novosel, Viswanath, Arsenali; 2019).",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_VerbParser)
    for verb, (command, text) in VERBS.items():
        added = verbs.add_parser(verb, help=text, description=f"{text[0].upper()}{text[1:]}.")
        added.set_defaults(command=command)
        added.verb = verb
    return parser


class _VerbParser(argparse.ArgumentParser):
    """The parser of one verb; it gets its options when the verb is used, and most never are."""

    verb = None

    def parse_known_args(self, args=None, namespace=None):
        if self.verb:
            from selfsup_segmentation.reproduce.cli.verb_options import OPTIONS

            OPTIONS[self.verb](self)
            self.verb = None
        return super().parse_known_args(args, namespace)
