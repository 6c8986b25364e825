"""XOR in a dozen lines: the smallest problem that a network without a hidden layer cannot learn.

python examples/xor.py
"""

import whynet

run = whynet.fit(whynet.Recipe(data="xor", hidden=(4,), activation="tanh", learning_rate=0.5, epochs=5))
probabilities = run.network.probabilities(run.data.test.images)
for image, row in zip(run.data.test.images, probabilities, strict=True):
    print(f"{image.ravel() // 255} -> {row.argmax()}  ({row.max():.1%} sure)")
