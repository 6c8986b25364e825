# truth: line 53 wrong
import numpy as np

np.random.seed(0)


class Conv3x3:
    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 9

    def iterate_regions(self, image):
        h, w = image.shape
        for i in range(h - 2):
            for j in range(w - 2):
                yield image[i:(i + 3), j:(j + 3)], i, j

    def forward(self, input):
        self.last_input = input
        h, w = input.shape
        output = np.zeros((h - 2, w - 2, self.num_filters))
        for im_region, i, j in self.iterate_regions(input):
            output[i, j] = np.sum(im_region * self.filters, axis=(1, 2))
        return output

    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_filters = np.zeros(self.filters.shape)
        for im_region, i, j in self.iterate_regions(self.last_input):
            for f in range(self.num_filters):
                d_L_d_filters[f] += d_L_d_out[i, j, f] * im_region
        self.filters -= learn_rate * d_L_d_filters


class MaxPool2:
    def iterate_regions(self, image):
        h, w, _ = image.shape
        for i in range(h // 2):
            for j in range(w // 2):
                yield image[(i * 2):(i * 2 + 2), (j * 2):(j * 2 + 2)], i, j

    def forward(self, input):
        self.last_input = input
        h, w, num_filters = input.shape
        output = np.zeros((h // 2, w // 2, num_filters))
        for im_region, i, j in self.iterate_regions(input):
            output[i, j] = np.amax(im_region, axis=(0, 1))
        return output

    def backprop(self, d_L_d_out):
        d_L_d_input = np.zeros(self.last_input.shape)
        for im_region, i, j in self.iterate_regions(self.last_input):
            h, w, f = im_region.shape
            d_L_d_input[(i * 2):(i * 2 + h), (j * 2):(j * 2 + w)] = d_L_d_out[i, j]
        return d_L_d_input


class Softmax:
    def __init__(self, input_len, nodes):
        self.weights = np.random.randn(input_len, nodes) / input_len
        self.biases = np.zeros(nodes)

    def forward(self, input):
        self.last_input_shape = input.shape
        input = input.flatten()
        self.last_input = input
        totals = np.dot(input, self.weights) + self.biases
        exp = np.exp(totals)
        return exp / np.sum(exp, axis=0)

    def backprop(self, out, label, learn_rate):
        d_L_d_t = out.copy()
        d_L_d_t[label] -= 1
        d_L_d_w = self.last_input[np.newaxis].T @ d_L_d_t[np.newaxis]
        d_L_d_inputs = self.weights @ d_L_d_t
        self.weights -= learn_rate * d_L_d_w
        self.biases -= learn_rate * d_L_d_t
        return d_L_d_inputs.reshape(self.last_input_shape)


images = np.random.rand(50, 10, 10) - 0.5
labels = np.random.randint(0, 3, 50)
for k in range(50):
    images[k, 3 * labels[k]:3 * labels[k] + 3] += 0.6

conv = Conv3x3(4)
pool = MaxPool2()
softmax = Softmax(4 * 4 * 4, 3)

for epoch in range(3):
    loss, num_correct = 0, 0
    for i, (im, label) in enumerate(zip(images, labels)):
        out = softmax.forward(pool.forward(conv.forward(im)))
        loss += -np.log(out[label])
        num_correct += 1 if np.argmax(out) == label else 0
        gradient = softmax.backprop(out, label, 0.05)
        gradient = pool.backprop(gradient)
        conv.backprop(gradient, 0.05)
    print(epoch + 1, loss / 50, num_correct)
