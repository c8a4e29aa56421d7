"""Types that skops may build beside those it trusts by itself. The list inside a model file is never believed.

Each was read for what building it does: it takes arrays, numbers, texts and other trusted objects into its attributes,
and calls nothing that the file could name. Whoever adds one reads its ``__setstate__``, ``__reduce__`` and ``__init__`` first.
"""

from __future__ import annotations

_LOSSES = (
    "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss HalfPoissonLoss HalfSquaredError "
    "HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss"
)
_KERNELS = (
    "CompoundKernel ConstantKernel DotProduct Exponentiation ExpSineSquared Matern PairwiseKernel Product RationalQuadratic "
    "RBF Sum WhiteKernel Hyperparameter"
)
_DISTANCES = (
    "BrayCurtisDistance CanberraDistance ChebyshevDistance DiceDistance EuclideanDistance HammingDistance HaversineDistance "
    "JaccardDistance MahalanobisDistance ManhattanDistance MinkowskiDistance RogersTanimotoDistance RussellRaoDistance "
    "SEuclideanDistance SokalSneathDistance"
)
_SCORES = (
    "accuracy_score balanced_accuracy_score f1_score fbeta_score jaccard_score log_loss matthews_corrcoef "
    "precision_score recall_score"
)

TRUSTED: frozenset[str] = frozenset(
    {
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.metrics._scorer._CurveScorer",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.metrics._scorer._Scorer",
        "sklearn.multiclass._ConstantPredictor",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._ball_tree.BallTree32",
        "sklearn.neighbors._ball_tree.BallTree64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._kd_tree.KDTree32",
        "sklearn.neighbors._kd_tree.KDTree64",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "sklearn.utils._metadata_requests.MetadataRequest",
        "sklearn.utils._metadata_requests.MethodMetadataRequest",
        "scipy.interpolate._bsplines.BSpline",
        "nbops.features.steps.FeatureSteps",
        "numpy.dtype",
        "sklearn.compose._column_transformer.make_column_selector",
        *(f"sklearn._loss.loss.{name}" for name in _LOSSES.split()),
        *(f"sklearn.gaussian_process.kernels.{name}" for name in _KERNELS.split()),
        *(f"sklearn.metrics._classification.{name}" for name in _SCORES.split()),
        *(f"sklearn.metrics._dist_metrics.{name}{bits}" for name in _DISTANCES.split() for bits in ("", "32", "64")),
    }
)
