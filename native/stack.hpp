// The network as Python describes it: layers checked and measured, and its vectors copied to padded rows and back.
#pragma once

#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

#include "buffers.hpp"

namespace whynet {

using LayerTuple = std::tuple<int, int, int, int, double, double, std::uint64_t, std::vector<int>>;

// Between the network's vectors, without gaps, and padded rows. The vector moves on.
template <class T>
void copy_rows(T*& vector, T* row, int rows, int units, bool in) {
    for (int k = 0; k < rows; ++k, vector += units, row += padded(units))
        in ? std::memcpy(row, vector, units * sizeof(T)) : std::memcpy(vector, row, units * sizeof(T));
}

template <class T>
void copy(const std::vector<Layer>& layers, T* vector, T* rows, bool in) {
    for (const Layer& layer : layers) copy_rows(vector, rows + layer.weights, layer.rows, layer.columns, in);
}

template <class T>
void copy_statistics(const std::vector<Layer>& layers, T* vector, T* rows, bool in) {
    for (const Layer& layer : layers)
        if (layer.kind == Kind::normalisation) copy_rows(vector, rows + layer.statistics, 2, layer.columns, in);
}

inline void check(const Window& window, const Layer& layer) {
    const std::int64_t pixels = std::int64_t(window.rows) * window.columns, most = 1 << 24;
    const std::int64_t out_pixels = std::int64_t(window.out_rows) * window.out_columns;
    for (int size : {window.rows, window.columns, window.channels, window.kernel_rows, window.kernel_columns,
                     window.down, window.across, window.out_rows, window.out_columns})
        expect(size >= 1 && size < most, "a map, a kernel and a stride are 1 to 2^24");
    expect(pixels < most && pixels * window.channels == layer.in, "the map does not fit the layer's inputs");
    expect(out_pixels < most && layer.out % out_pixels == 0, "the map does not fit the layer's outputs");
    expect(window.top >= 0 && window.top < window.kernel_rows && window.left >= 0 &&
               window.left < window.kernel_columns, "more padding than kernel");
    expect(std::int64_t(window.out_rows - 1) * window.down < std::int64_t(window.rows) + window.top &&
               std::int64_t(window.out_columns - 1) * window.across < std::int64_t(window.columns) + window.left,
           "the kernel leaves the map");
    const std::int64_t all = std::int64_t(window.all_rows()) * window.all_columns();
    expect(all < (1 << 28) / window.channels, "the padded map is too large");
    expect(std::int64_t(window.kernel_rows) * window.kernel_columns < most / window.channels, "the kernel is too large");
}

// The layers as they were described, checked, and where the parameters of each begin in a padded vector.
struct Stack {
    explicit Stack(const std::vector<LayerTuple>& described) {
        expect(!described.empty() && described.size() <= 256, "1 to 256 layers are possible");
        for (const auto& [kind, in, out, activation, strength, epsilon, index, shape] : described) {
            expect(kind >= 0 && kind <= int(Kind::average_pool), "there is no such kind of layer");
            expect(in >= 1 && out >= 1 && in < (1 << 24) && out < (1 << 24), "a layer has 1 to 2^24 units");
            expect(activation >= 0 && activation <= 8, "there is no such activation");
            expect(strength >= 0 && std::isfinite(strength), "a rate, sd or share is finite and not negative");
            expect(epsilon >= 0 && std::isfinite(epsilon), "an epsilon is finite and not negative");
            expect(layers.empty() || layers.back().out == in, "the layers do not fit together");
            Layer layer{Kind(kind), in, out, Activation(activation), strength, epsilon, index, out, 0, 0, size, size,
                        statistics, {}};
            measure(layer, shape);
            size += std::size_t(layer.rows) * padded(layer.columns);
            numbers += std::size_t(layer.rows) * layer.columns;
            if (layer.rows) layer.biases = size - padded(layer.columns);
            layers.push_back(layer);
        }
        expect(layers.back().kind == Kind::dense, "the last layer must be dense");
    }

    // What is peculiar to a kind of layer: the shape that it is described by, and how many parameters it has.
    void measure(Layer& layer, const std::vector<int>& shape) {
        const bool slides = layer.kind == Kind::convolution || layer.kind == Kind::max_pool ||
                            layer.kind == Kind::average_pool;
        const std::size_t numbers_of_shape = slides ? 11 : layer.kind == Kind::normalisation ? 1 : 0;
        expect(shape.size() == numbers_of_shape, "such a layer has another shape");
        expect(layer.in == layer.out || slides || layer.kind == Kind::dense,
               "only dense layers, convolutions and pools change the number of units");
        expect(layer.kind != Kind::dropout || layer.strength < 1, "a rate of dropout lies in [0, 1)");
        if (slides) {
            layer.window = {shape[0], shape[1], shape[2], shape[3], shape[4],
                            shape[5], shape[6], shape[7], shape[8], shape[9], shape[10]};
            check(layer.window, layer);
            layer.columns = layer.out / (layer.window.out_rows * layer.window.out_columns);
        }
        if (layer.kind == Kind::dense) layer.weight_rows = layer.in;
        if (layer.kind == Kind::convolution)
            layer.weight_rows = layer.window.kernel_rows * layer.window.kernel_columns * layer.window.channels;
        if (layer.weight_rows) layer.rows = layer.weight_rows + 1;
        if (layer.kind == Kind::max_pool || layer.kind == Kind::average_pool)
            expect(layer.columns == layer.window.channels && !layer.window.pads(), "a pool keeps channels, unpadded");
        if (layer.kind == Kind::normalisation) {
            expect(shape[0] >= 1 && layer.out % shape[0] == 0, "the channels do not fit the units");
            layer.columns = shape[0];
            layer.rows = 2;
            statistics += 2 * padded(layer.columns);
            running += 2 * std::size_t(layer.columns);
        }
    }

    std::vector<Layer> layers;
    std::size_t size = 0, statistics = 0;  // of the padded vectors of parameters and of running statistics
    std::size_t numbers = 0, running = 0;  // of the network's own
};

}  // namespace whynet
