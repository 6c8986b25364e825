# truth: none
import numpy as np

rng = np.random.default_rng(5)
N, K, D = 30, 4, 12
data = rng.normal(size=(N, K)) @ rng.normal(size=(K, D))
codes = rng.normal(size=(N, K)) * 0.1
decoder = rng.normal(size=(K, D)) * 0.1
offset = np.zeros(D)
for step in range(300):
    error = codes @ decoder + offset - data
    g_codes = error @ decoder.T
    g_decoder = codes.T @ error
    codes = codes - 0.01 * g_codes
    decoder = decoder - 0.01 * g_decoder
    offset = offset - 0.01 * error.sum(axis=0)
print((error**2).mean())
