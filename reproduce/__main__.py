"""``reproduce``: one verb for each thing. ``reproduce VERB --help`` shows its options."""

import sys

from selfsup_segmentation.reproduce.cli.parser import make_parser


def main(argv=None):
    """Run the command line.

    Returns:
        Exit code: 0; 2 after one sentence on what the user has to mend; 75 after SIGTERM and 130 after
        Ctrl-C, when the same command goes on.

    Raises:
        SystemExit: 1 after damage that ``verify`` found, or a comparison of ``bench`` that failed.
    """
    args = make_parser().parse_args(argv)
    from selfsup_segmentation.reproduce.cli.run_verb import run_verb  # here, because --help ends above

    return run_verb(args)


if __name__ == "__main__":
    sys.exit(main())
