// What the engine is handed: a network, how it is updated, and the examples, as plain numbers and pointers.
// This header is shared by code for several processors, so it holds no function that a linker could merge.
#pragma once

#include <cstddef>
#include <cstdint>

namespace whynet {

constexpr int LANES = 16;  // every row of every matrix is padded with zeros to a multiple of this
static constexpr int padded(int units) { return (units + LANES - 1) / LANES * LANES; }

enum class Kind : int { dense, dropout, noise, normalisation, convolution, max_pool, average_pool };
enum class Activation : int { elu, gelu, identity, leaky_relu, relu, scaled_tanh, sigmoid, softmax, tanh };
enum class Cost : int { quadratic, sigmoid_cross_entropy, softmax_cross_entropy, absolute, huber };
enum class Optimizer : int { sgd, nesterov, rmsprop, adam };

// What a convolution or a pool slides over a map of (rows, columns, channels), channels last; where the map is padded
// with zeros, `top` rows and `left` columns of them come first, and as many as it takes behind.
struct Window {
    int rows, columns, channels;
    int kernel_rows, kernel_columns, down, across;  // of the kernel, and how far it is moved
    int top, left;
    int out_rows, out_columns;
    // The map with its padding.
    int all_rows() const { return most(rows + top, (out_rows - 1) * down + kernel_rows); }
    int all_columns() const { return most(columns + left, (out_columns - 1) * across + kernel_columns); }
    bool pads() const { return all_rows() > rows || all_columns() > columns; }

   private:
    static int most(int a, int b) { return a > b ? a : b; }
};

struct Layer {
    Kind kind;
    int in, out;            // units; of a map the numbers of all its pixels
    Activation activation;  // of a layer with parameters
    double strength;        // the rate of dropout, the sd of noise, the share of a batch in a normalisation's averages
    double epsilon;         // what a normalisation adds to the variance
    std::uint64_t index;    // its place in the network: part of what its noise is hashed from
    int columns;            // of parameters: units, or the channels of a map, whose pixels share them
    int rows;               // of parameters: W's and then b, or scale and shift, or none; padded `columns` numbers each
    int weight_rows;        // those of W
    std::size_t weights, biases;  // where W and b, or scale and shift, begin in the padded vectors
    std::size_t statistics;       // where a normalisation's running mean begins; its variance is in the next row
    Window window;                // of a convolution or a pool
};

// A pixel that is not 0: so many pixels after the last one, with so much ink. Two bytes, as fetching images from memory
// takes longer than reading them. A gap that no byte can say is cut by marks without ink.
struct Mark {
    std::uint8_t gap, ink;
};

// BLAS's general matrix product of column-major matrices.
template <class T>
using Gemm = void (*)(char*, char*, int*, int*, int*, T*, T*, int*, T*, int*, T*, T*, int*);

struct Update {
    Optimizer optimizer;
    double momentum, beta2, decay, epsilon;        // beta1 of Adam is `momentum`
    double l1, l2, clip_norm, weight_decay, max_norm, average;  // 0: off
};

template <class T>
struct Task {
    const Layer* layers;
    int count;
    Cost cost;
    Update update;
    // Padded copies, all of `size` numbers: parameters, and what the optimizer remembers (null if it does not).
    std::size_t size;
    T *params, *first, *second, *mean;  // first: velocity or mean; second: squares; mean: the running average
    std::int64_t steps_before;          // Adam's t before this call
    T* statistics;                      // of the layers that normalise, in padded rows
    // Examples: either pixels and what becomes of them, or features ready to use; the others are null.
    std::int64_t examples;
    const std::uint8_t* pixels;
    const T* table;             // a pixel as a feature, 256
    const T* features;          // (examples, inputs)
    // The pixels of each image that are not 0, or null: image i has the marks starts[i] to starts[i + 1] - 1.
    const std::int64_t* starts;
    const Mark* marks;
    const std::int64_t* labels;
    const T* targets;           // (classes, outputs)
    const T* weights;           // what each example counts, or null
    // Steps.
    const std::int64_t* rows;   // (steps, batch)
    std::int64_t steps;
    int batch;
    const double* rates;
    std::uint64_t seed;
    std::int64_t first_step;
    double* costs;              // (steps,), to be filled
    int workers;
    Gemm<T> gemm;               // for large matrices, or null
    // Working memory of `memory_needed` numbers, aligned to 64 bytes.
    T* memory;
};

// Workers that run a job together: job(data, worker, workers) for every worker, all finished when `run` returns.
struct Crew {
    int workers;
    void (*run)(Crew*, void (*job)(void*, int, int), void*);
};

}  // namespace whynet
