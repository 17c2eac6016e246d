"""Rules for one main task: against TorchJD, independent solvers and the properties of their papers."""

import doctest
import itertools
import json

import keras
import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf

from selfsup_segmentation import weighting as package
from selfsup_segmentation.weighting import (
    AuxiliaryReweighting,
    CosineGate,
    DynamicWeightAverage,
    EqualAfterNormalization,
    GradientBalance,
    GradientWeighting,
    PrimaryConstrained,
    SoftOptimalUncertainty,
    UncertaintyWeighting,
)
from selfsup_segmentation.weighting.auxiliary_reweighting import project
from tests.weighting.torchjd_answers import make

TASKS = ("seg", "color", "depth")
RULES = {
    "sign": lambda tasks: CosineGate(tasks),
    "cosine": lambda tasks: CosineGate(tasks, form="cosine"),
    "project": lambda tasks: CosineGate(tasks, form="project"),
    "balance": lambda tasks: GradientBalance(tasks, beta=0.5),
    "reweighting": lambda tasks: AuxiliaryReweighting(tasks, interval=1, beta=0.5),
    "constrained": lambda tasks: PrimaryConstrained(tasks, beta=0.5),
}
BOUNDS = {"constrained": 0.0}  # of the main task's factor; 1 for the others
DRAW = np.random.default_rng(7)


@pytest.fixture(params=RULES)
def name(request):
    """Name of a rule."""
    return request.param


def factors(rule, gram):
    """Factors of one step, compiled: hundreds of eager ones take minutes."""
    if not hasattr(rule, "compiled"):
        rule.compiled = tf.function(rule.__call__, autograph=False)
    return rule.compiled(tf.constant(gram)).numpy()


def length(weights, gram):
    """Norm of the sum of the gradients with these weights."""
    return np.sqrt(max(0.0, np.float64(weights) @ np.float64(gram) @ np.float64(weights)))


def grams(count, tasks=3):
    return [make.random_gram(DRAW, tasks) for _ in range(count)]


# --- oracles ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["recorded", "computed"])
def torchjd(request):
    """TorchJD's answers: those of the file, and those of the library where it is installed."""
    recorded = json.loads(make.FILE.read_text(encoding="utf-8"))
    if request.param == "recorded":
        return recorded
    pytest.importorskip("torchjd", reason="needs torch and torchjd: pip install -e '.[oracles]'")
    sequences = make.matrices(seed=2)
    return {"matrices": sequences} | make.answers(sequences) | make.loss_answers()


@pytest.mark.parametrize(("answer", "options"), [("PCD", {}), ("PCD tau=0.3", {"tau": 0.3, "beta": 0.5})])
def test_constrained_descent_is_torchjds(torchjd, answer, options):
    rules = {count: PrimaryConstrained(TASKS[:count], **options) for count in (2, 3)}
    used = 0
    for sequence, expected in zip(torchjd["matrices"], torchjd[answer], strict=True):
        rule = rules[len(sequence[0])]
        rule.reset()
        for gram, weights in zip(sequence, expected, strict=True):
            gram = np.array(gram, np.float32)
            ours = factors(rule, gram)
            # Dependent gradients can be combined in several ways to one update.
            assert length(ours - weights, gram) <= 2e-3 * np.sqrt(gram[0, 0]) + 1e-6
            used += ours[1:].any()
    assert used > 50


def test_projection_is_what_pcgrad_of_torchjd_adds_to_the_main_gradient(torchjd):
    """Of two tasks; PCGrad also changes the main gradient, by a multiple of the other one."""
    rule, compared = CosineGate(TASKS[:2], form="project"), 0
    for sequence, expected in zip(torchjd["matrices"], torchjd["PCGrad"], strict=True):
        for gram, weights in zip(sequence, expected, strict=True):
            if len(weights) == 2 and np.isfinite(weights).all():
                gram = np.array(gram, np.float32)
                assert factors(rule, gram)[0] == pytest.approx(weights[0], rel=1e-5)
                compared += 1
    assert compared > 60


def test_totals_of_the_papers_weightings_are_torchjds(torchjd):
    uncertainty, average = UncertaintyWeighting(TASKS, form="mtan"), DynamicWeightAverage(TASKS)
    uncertainty.log_variance.assign([0.3, -0.7, 1.1])
    for row, totals in zip(torchjd["losses"], torchjd["UW and DWA"], strict=True):
        losses = dict(zip(TASKS, map(float, row), strict=True))
        assert [float(uncertainty(losses)), float(average(losses))] == pytest.approx(totals, rel=1e-5)
        average.end_epoch(losses)


def solved(gram, total):
    """Minimum of ‖g_1 − Σ α_k g_k‖² over α ≥ 0 with that sum, by SciPy's sequential quadratic programs."""
    gram = np.array(gram, np.float64)
    count = len(gram) - 1
    found = scipy.optimize.minimize(
        lambda a: a @ gram[1:, 1:] @ a - 2 * gram[0, 1:] @ a,
        np.full(count, total / count),
        jac=lambda a: 2 * (gram[1:, 1:] @ a - gram[0, 1:]),
        bounds=[(0, None)] * count,
        constraints={"type": "eq", "fun": lambda a: a.sum() - total, "jac": lambda a: np.ones(count)},
        options={"ftol": 1e-12, "maxiter": 200},
    )
    return found.x


def test_projection_onto_the_simplex_is_scipys():
    for size in (1, 2, 3, 4):
        for _ in range(50):
            vector = DRAW.standard_normal(size).astype(np.float32) * 3
            gram = np.block([[np.zeros((1, 1)), vector[None]], [vector[:, None], np.eye(size)]])
            np.testing.assert_allclose(
                project(tf.constant(vector), float(size)), solved(gram, size), atol=1e-4
            )


def test_reweighting_approaches_the_minimum_of_its_quadratic_program():
    rule = AuxiliaryReweighting(TASKS, interval=1, beta=0.0, rate=0.2)
    for gram in grams(12):
        rule.reset()
        gram = gram + np.float32(1e-3) * np.diag(np.diag(gram)).astype(np.float32)
        for _ in range(150):
            factors(rule, gram)
        lengths = np.sqrt(np.diag(gram).astype(np.float64) + 1e-8)
        normalized = gram / np.outer(lengths, lengths)
        alpha, best = rule.alpha.numpy(), solved(normalized, 2.0)

        def gap(a, normalized=normalized):
            return a @ normalized[1:, 1:] @ a - 2 * normalized[0, 1:] @ a

        assert alpha.sum() == pytest.approx(2, abs=1e-4)
        assert gap(alpha) == pytest.approx(gap(best), abs=1e-3)


def test_reweighting_is_updated_at_its_interval_only():
    rule, gram = AuxiliaryReweighting(TASKS, interval=3), np.diag([1.0, 1.0, 9.0]).astype(np.float32)
    gram[0, 1] = gram[1, 0] = 0.9
    seen = [tuple(factors(rule, gram)) and tuple(rule.alpha.numpy()) for _ in range(7)]
    assert [one == other for one, other in itertools.pairwise(seen)] == [True, True, False] * 2


# --- all of them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [CosineGate, GradientBalance, AuxiliaryReweighting, PrimaryConstrained])
@pytest.mark.parametrize("tasks", [("color", "depth"), ("seg", "seg", "depth")])
def test_the_main_task_is_one_of_the_tasks(rule, tasks):
    with pytest.raises(ValueError, match="each task is named once"):
        rule(tasks)


def test_factors_are_finite_and_the_main_task_keeps_its_share(name):
    rules = {count: RULES[name](TASKS[:count]) for count in (1, 2, 3)}
    for count, rule in rules.items():
        for gram in grams(120, count) if count > 1 else [np.ones((1, 1), np.float32)] * 2:
            found = factors(rule, gram)
            assert np.isfinite(found).all() and (found >= 0).all()
            assert found[0] >= BOUNDS.get(name, 1.0)


def test_orthogonal_gradients_of_one_length(name):
    expected = {"sign": [1, 0, 0], "cosine": [1, 0, 0], "constrained": None}.get(name, [1, 1, 1])
    if name == "constrained":  # τ along each auxiliary gradient, at the length of the main one
        expected = np.array([1, 0.02, 0.02]) / np.sqrt(1 + 2 * 0.02**2)
    for _ in range(3):
        found = factors(RULES[name](TASKS), np.eye(3, dtype=np.float32) * 4)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_order_of_the_auxiliary_tasks_does_not_matter(name):
    one, other = RULES[name](TASKS), RULES[name](("depth", "seg", "color"))
    assert other.tasks == ("seg", "depth", "color")
    order = [0, 2, 1]
    for gram in grams(40):
        gap = factors(one, gram) - factors(other, gram[np.ix_(order, order)])[order]
        assert length(gap, gram) <= 1e-3 * np.sqrt(gram[0, 0]) + 1e-5


@pytest.mark.parametrize("name", ["balance", "reweighting", "constrained"])
def test_the_unit_of_an_auxiliary_loss_does_not_matter(name):
    if name == "balance":
        one, other = (GradientBalance(TASKS, relax=1.0) for _ in range(2))
    else:
        one, other = RULES[name](TASKS), RULES[name](TASKS)
    unit = np.array([1, 1000, 1], np.float32)
    for _ in range(40):
        gradients = DRAW.standard_normal((3, 5))
        gram = (gradients @ gradients.T).astype(np.float32)
        scaled = factors(other, gram * np.outer(unit, unit)) * unit
        np.testing.assert_allclose(scaled, factors(one, gram), rtol=2e-3, atol=1e-4)


def test_a_matrix_that_is_not_finite_changes_nothing(name):
    rule = RULES[name](TASKS)
    gram = grams(1)[0]
    factors(rule, gram)
    before = [variable.numpy() for variable in rule.variables]
    for bad in (np.nan, np.inf):
        broken = gram.copy()
        broken[1, 1] = bad
        assert np.isnan(factors(rule, broken)).all()
    for variable, value in zip(rule.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_not_compiled_it_gives_the_same_factors(name):
    plain, compiled = RULES[name](TASKS), RULES[name](TASKS)
    for gram in grams(3):
        np.testing.assert_allclose(plain(gram), factors(compiled, gram), rtol=1e-5, atol=1e-6)


def test_is_saved_resumed_and_reset(name, tmp_path):
    rule = RULES[name](TASKS)
    for gram in grams(3):
        factors(rule, gram)
    last = grams(1)[0]
    saved = keras.saving.serialize_keras_object(rule)
    again = keras.saving.deserialize_keras_object(saved)
    assert again.tasks == rule.tasks and again.get_config() == rule.get_config()
    path = tf.train.Checkpoint(weighting=rule).write(str(tmp_path / "state"))
    tf.train.Checkpoint(weighting=again).read(path).assert_consumed()
    np.testing.assert_array_equal(factors(rule, last), factors(again, last))
    assert rule.epoch_log() == again.epoch_log()
    rule.reset()
    np.testing.assert_array_equal(factors(rule, last), factors(RULES[name](TASKS), last))


def test_the_log_of_an_epoch_holds_means(name):
    rule = RULES[name](("seg", "depth"))
    grams = [np.array([[4, 3], [3, 9]], np.float32), np.array([[1, -1], [-1, 4]], np.float32)]
    seen = [factors(rule, gram) for gram in grams]
    expected = {"norm_seg": 1.5, "norm_depth": 2.5, "cosine_seg": 1, "cosine_depth": 0}
    log = rule.epoch_log()
    assert {key: log[key] for key in expected} == pytest.approx(expected, abs=1e-6)
    assert log["weight_depth"] == pytest.approx(np.mean([one[1] for one in seen]), rel=1e-6)
    assert rule.current_weights()["seg"] == log["weight_seg"]
    rule.end_epoch({"seg": 1.0, "depth": 1.0})
    assert set(rule.epoch_log().values()) == {0.0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CosineGate(TASKS, form="other"), "sign, cosine or project"),
        (lambda: GradientBalance(TASKS, relax=2), "relax factor"),
        (lambda: GradientBalance(TASKS, beta=1), "beta is in"),
        (lambda: AuxiliaryReweighting(TASKS, rate=0), "positive"),
        (lambda: PrimaryConstrained(TASKS, tau=-1), "tau"),
        (lambda: PrimaryConstrained([*"abcdef", "seg"]), "at most 4"),
        (lambda: SoftOptimalUncertainty(TASKS, temperature=0), "temperature"),
    ],
)
def test_settings_outside_their_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_new_rule_needs_one_method():
    class Halves(GradientWeighting):
        def rule(self, gram, losses):
            return tf.fill([len(self.tasks)], 0.5)

    assert Halves(TASKS)(np.eye(3)).numpy().tolist() == [0.5] * 3


# --- losses of the step -----------------------------------------------------------------------------------


def test_soft_optimal_weights_are_a_softmax_of_the_inverse_losses():
    weighting = SoftOptimalUncertainty(TASKS, temperature=2.0)
    losses = {"seg": 0.5, "color": 2.0, "depth": 0.25}
    raw = np.exp(np.array([1 / 0.5, 1 / 2.0, 1 / 0.25]) / 2)
    total = float(weighting(losses))
    assert total == pytest.approx(raw @ [0.5, 2, 0.25] / raw.sum(), rel=1e-6)
    assert list(weighting.current_weights().values()) == pytest.approx(raw / raw.sum(), rel=1e-6)


def test_normalized_losses_have_a_mean_of_1():
    weighting = EqualAfterNormalization(TASKS, beta=0.9)
    seen = [{"seg": 2.0 + i % 2, "color": 0.01, "depth": 40.0 - i} for i in range(20)]
    for losses in seen:
        weighting(losses)
    weights = weighting.current_weights()
    shares = 0.9 ** np.arange(19, -1, -1)
    for task in TASKS:
        mean = np.average([losses[task] for losses in seen], weights=shares)
        assert weights[task] == pytest.approx(1 / mean, rel=1e-5)


@pytest.mark.parametrize("kind", [SoftOptimalUncertainty, EqualAfterNormalization])
def test_evaluation_does_not_change_the_weights_and_no_gradient_passes_through_them(kind):
    weighting = kind(("seg", "depth"))
    loss = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        total = weighting({"seg": loss, "depth": 3.0})
    weights = weighting.current_weights()
    assert float(tape.gradient(total, loss)) == pytest.approx(weights["seg"], rel=1e-6)
    weighting({"seg": 9.0, "depth": 0.1}, training=False)
    assert weighting.current_weights() == weights
    weighting.reset()
    assert weighting.current_weights() == kind(("seg", "depth")).current_weights()


@pytest.mark.parametrize(
    "module",
    [
        "auxiliary_reweighting",
        "cosine_gate",
        "equal_after_normalization",
        "gradient_balance",
        "primary_constrained",
        "soft_optimal_uncertainty",
    ],
)
def test_examples_in_the_documentation_are_true(module):
    result = doctest.testmod(getattr(package, module))
    assert result.attempted >= 2 and result.failed == 0
