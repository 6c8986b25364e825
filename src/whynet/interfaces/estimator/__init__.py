"""scikit-learn estimators: `WhyNetClassifier` and `WhyNetRegressor`, with the names of its multilayer perceptrons.

>>> from sklearn.datasets import load_iris
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> X, y = load_iris(return_X_y=True)
>>> model = make_pipeline(StandardScaler(), WhyNetClassifier(30, learning_rate_init=0.01, random_state=0))
>>> model.fit(X, y).score(X, y) > 0.95
True
"""

from whynet.interfaces.estimator.classifier import WhyNetClassifier as WhyNetClassifier
from whynet.interfaces.estimator.regressor import WhyNetRegressor as WhyNetRegressor

__all__ = ["WhyNetClassifier", "WhyNetRegressor"]
