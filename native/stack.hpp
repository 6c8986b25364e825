// The network as Python describes it: layers checked and measured, and its vectors copied to padded rows and back.
#pragma once

#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

#include "buffers.hpp"

namespace whynet {

using LayerTuple = std::tuple<int, int, int, int, double, double, std::uint64_t>;

// Between the network's vectors, without gaps, and padded rows. The vector moves on.
template <class T>
void copy_rows(T*& vector, T* row, int rows, int units, bool in) {
    for (int k = 0; k < rows; ++k, vector += units, row += padded(units))
        in ? std::memcpy(row, vector, units * sizeof(T)) : std::memcpy(vector, row, units * sizeof(T));
}

template <class T>
void copy(const std::vector<Layer>& layers, T* vector, T* rows, bool in) {
    for (const Layer& layer : layers) copy_rows(vector, rows + layer.weights, layer.rows, layer.out, in);
}

template <class T>
void copy_statistics(const std::vector<Layer>& layers, T* vector, T* rows, bool in) {
    for (const Layer& layer : layers)
        if (layer.kind == Kind::normalisation) copy_rows(vector, rows + layer.statistics, 2, layer.out, in);
}

// The layers as they were described, checked, and where the parameters of each begin in a padded vector.
struct Stack {
    explicit Stack(const std::vector<LayerTuple>& described) {
        expect(!described.empty() && described.size() <= 256, "1 to 256 layers are possible");
        for (const auto& [kind, in, out, activation, strength, epsilon, index] : described) {
            expect(kind >= 0 && kind <= 3, "there is no such kind of layer");
            expect(in >= 1 && out >= 1 && in < (1 << 24) && out < (1 << 24), "a layer has 1 to 2^24 units");
            expect(activation >= 0 && activation <= 8, "there is no such activation");
            expect(strength >= 0 && std::isfinite(strength), "a rate, sd or share is finite and not negative");
            expect(epsilon >= 0 && std::isfinite(epsilon), "an epsilon is finite and not negative");
            expect(kind != int(Kind::dropout) || strength < 1, "a rate of dropout lies in [0, 1)");
            expect(layers.empty() || layers.back().out == in, "the layers do not fit together");
            expect(in == out || kind == int(Kind::dense), "only dense layers change the number of units");
            Layer layer{Kind(kind), in, out, Activation(activation), strength, epsilon, index, out, 0, 0, size, size,
                        statistics};
            if (layer.kind == Kind::dense) {
                layer.weight_rows = in;
                layer.rows = in + 1;
            }
            if (layer.kind == Kind::normalisation) {
                layer.rows = 2;
                statistics += 2 * padded(out);
                running += 2 * std::size_t(out);
            }
            size += std::size_t(layer.rows) * padded(out);
            numbers += std::size_t(layer.rows) * out;
            if (layer.rows) layer.biases = size - padded(out);
            layers.push_back(layer);
        }
        expect(layers.back().kind == Kind::dense, "the last layer must be dense");
    }
    std::vector<Layer> layers;
    std::size_t size = 0, statistics = 0;  // of the padded vectors of parameters and of running statistics
    std::size_t numbers = 0, running = 0;  // of the network's own
};

}  // namespace whynet
