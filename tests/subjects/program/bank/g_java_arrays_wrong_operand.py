# truth: line 72 wrong-operand
import math
import random


class NeuralNetwork:
    """ported from my old Java class, that is why it looks like this"""

    def __init__(self, numInput, numHidden, numOutput):
        self.numInput = numInput
        self.numHidden = numHidden
        self.numOutput = numOutput
        self.inputs = [0.0] * numInput
        self.hOutputs = [0.0] * numHidden
        self.outputs = [0.0] * numOutput
        self.ihWeights = self.makeMatrix(numInput, numHidden)
        self.hoWeights = self.makeMatrix(numHidden, numOutput)
        self.hBiases = [0.0] * numHidden
        self.oBiases = [0.0] * numOutput
        self.rnd = random.Random(0)
        self.initializeWeights()

    @staticmethod
    def makeMatrix(rows, cols):
        result = []
        for i in range(rows):
            result.append([0.0] * cols)
        return result

    def initializeWeights(self):
        for i in range(self.numInput):
            for j in range(self.numHidden):
                self.ihWeights[i][j] = 1.6 * self.rnd.random() - 0.8
        for j in range(self.numHidden):
            for k in range(self.numOutput):
                self.hoWeights[j][k] = 1.6 * self.rnd.random() - 0.8

    def computeOutputs(self, xValues):
        for i in range(self.numInput):
            self.inputs[i] = xValues[i]
        for j in range(self.numHidden):
            s = self.hBiases[j]
            for i in range(self.numInput):
                s += self.inputs[i] * self.ihWeights[i][j]
            self.hOutputs[j] = math.tanh(s)
        oSums = [0.0] * self.numOutput
        for k in range(self.numOutput):
            oSums[k] = self.oBiases[k]
            for j in range(self.numHidden):
                oSums[k] += self.hOutputs[j] * self.hoWeights[j][k]
        m = max(oSums)
        scale = 0.0
        for k in range(self.numOutput):
            scale += math.exp(oSums[k] - m)
        for k in range(self.numOutput):
            self.outputs[k] = math.exp(oSums[k] - m) / scale
        return list(self.outputs)

    def trainOne(self, xValues, tValues, learnRate):
        self.computeOutputs(xValues)
        oSignals = [0.0] * self.numOutput
        hSignals = [0.0] * self.numHidden
        for k in range(self.numOutput):
            oSignals[k] = tValues[k] - self.outputs[k]
        for j in range(self.numHidden):
            s = 0.0
            for k in range(self.numOutput):
                s += oSignals[k] * self.hoWeights[j][k]
            hSignals[j] = (1 + self.hOutputs[j]) * (1 - self.hOutputs[j]) * s
        for i in range(self.numInput):
            for j in range(self.numHidden):
                delta = learnRate * hSignals[j] * self.hOutputs[j]
                self.ihWeights[i][j] += delta
        for j in range(self.numHidden):
            self.hBiases[j] += learnRate * hSignals[j]
        for j in range(self.numHidden):
            for k in range(self.numOutput):
                self.hoWeights[j][k] += learnRate * oSignals[k] * self.hOutputs[j]
        for k in range(self.numOutput):
            self.oBiases[k] += learnRate * oSignals[k]

    def train(self, trainData, maxEpochs, learnRate):
        sequence = list(range(len(trainData)))
        for epoch in range(maxEpochs):
            self.rnd.shuffle(sequence)
            for idx in sequence:
                row = trainData[idx]
                self.trainOne(row[:self.numInput], row[self.numInput:], learnRate)

    def accuracy(self, data):
        numCorrect = 0
        for row in data:
            y = self.computeOutputs(row[:self.numInput])
            t = row[self.numInput:]
            if y.index(max(y)) == t.index(max(t)):
                numCorrect += 1
        return numCorrect / len(data)


gen = random.Random(5)
allData = []
for n in range(150):
    a, b = gen.uniform(-2, 2), gen.uniform(-2, 2)
    r = math.hypot(a, b)
    cls = 0 if r < 0.9 else (1 if a > 0 else 2)
    allData.append([a, b] + [1.0 if c == cls else 0.0 for c in range(3)])
nn = NeuralNetwork(2, 6, 3)
nn.train(allData, 40, 0.05)
print("Accuracy = %.4f" % nn.accuracy(allData))
