# truth: none
import numpy as np

rng = np.random.RandomState(6)
N = 16
A = rng.randn(N, 8)
B = A[:, ::-1] + 0.1 * rng.randn(N, 8)
Wa, Wb = rng.randn(8, 4) * 0.2, rng.randn(8, 4) * 0.2
for i in range(200):
    U, V = A @ Wa, B @ Wb
    S = U @ V.T
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    D = (P - np.eye(N)) / N
    Wa -= 0.3 * A.T @ (D @ V)
    Wb -= 0.3 * B.T @ (D.T @ U)
print(-np.log(np.diag(P)).mean())
