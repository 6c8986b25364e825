from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

data = load_breast_cancer()
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, random_state=7, stratify=data.target)

clf = SGDClassifier(loss="log_loss", max_iter=30, tol=None, random_state=7)
clf.fit(X_train, y_train)
print("training score", clf.score(X_train, y_train))
print("test score", clf.score(X_test, y_test))
