# truth: line 17 wrong-operand
# A straight line through points, with plain numbers.
xs = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
ys = [2.1, 2.9, 4.2, 5.1, 5.8, 7.1]
w = 0.1
b = 0.2
lr = 0.05
n = len(xs)
for step in range(400):
    gw = 0.0
    gb = 0.0
    cost = 0.0
    for x, t in zip(xs, ys):
        guess = w * x + b
        e = guess - t
        cost += e * e
        gw += 2 * e * guess / n
        gb += 2 * e / n
    w = w - lr * gw
    b = b - lr * gb
    if step % 100 == 0:
        print(step, cost / n)
