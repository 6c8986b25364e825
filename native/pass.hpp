// What the layers of a network share while a batch goes through them, forth and back.
#pragma once

#include "activations.hpp"
#include "sparse.hpp"
#include "task.hpp"
#include "update.hpp"

namespace whynet::ISA {

constexpr int MOST_LAYERS = 256;
constexpr int SCRATCH_ROWS = 4;
constexpr int MOST_CHUNKS = 64;  // of a batch, which layers that take each example by itself share among workers
constexpr std::size_t WORTHWHILE = 100000;  // multiplications from which on other workers are woken

// Hands out working memory; without any, only counts it.
template <class T>
struct Memory {
    T* start;
    std::size_t used = 0;
    T* take(std::size_t numbers) {
        T* at = start ? start + used : nullptr;
        used += (numbers + 2 * LANES - 1) / LANES * LANES;
        return at;
    }
    template <class U>
    U* take_as(std::size_t count) {
        return reinterpret_cast<U*>(take((count * sizeof(U) + sizeof(T) - 1) / sizeof(T)));
    }
};

template <class T>
struct Stage {              // of one layer
    T *y, *slope;           // (batch, width); slope is null where the layer works it out from y
    T *x_hat, *inverse_sd;  // (batch, width) and (width,), where the layer normalises
    int width;
    // Of a convolution or a pool, of one example and for each worker: the padded map, the gradients of the outputs in
    // whole vectors, of the inputs, of the padded map, and of the inputs of some outputs; of the parameters, for each
    // chunk of the batch; and the weights turned round.
    T *map, *dz, *dx, *dmap, *strip, *partial, *turned;
    double* sums;  // of a normalisation of maps, for each chunk of the batch
};

template <class T>
struct Pass {
    Task<T>& task;
    Crew* crew;
    int batch;
    std::uint64_t number;  // of the step
    bool learning;         // else the network is only asked
    Stage<T> stages[MOST_LAYERS];
    T* x;  // dense features (batch, x_width), where the images are not taken as sparse
    int x_width;
    SparseBatch<T> images;
    T *dy, *dx;  // (batch, widest): the gradients of a layer's outputs and inputs
    bool is_dz;  // whether the slope is in dy already
    T* gradient;  // as large as the parameters: where the whole gradient is needed at once
    std::size_t wide;  // the widest of the rows that scratch and packed are for
    T* scratch;        // SCRATCH_ROWS such rows
    T* packed;         // for each worker, a panel of a matrix
    std::size_t packed_size;
    T* blocks;  // for each worker, the gradient of some rows and columns
    std::size_t block_size;

    // Shares a job among the workers if its `work`, in multiplications, is worth waking them.
    template <class Job>
    void together(std::size_t work, Job job) {
        if (crew->workers == 1 || work < WORTHWHILE) {
            job(0, 1);
            return;
        }
        crew->run(crew, [](void* data, int worker, int workers) { (*static_cast<Job*>(data))(worker, workers); }, &job);
    }

    // The columns of a worker: whole vectors (or larger pieces), as even as they come.
    static void share(int width, int worker, int workers, int* from, int* to, int piece = LANES) {
        const int parts = (width + piece - 1) / piece;
        *from = smallest(int(std::int64_t(parts) * worker / workers) * piece, width);
        *to = smallest(int(std::int64_t(parts) * (worker + 1) / workers) * piece, width);
    }

    const T* input_of(int l) const { return l == 0 ? x : stages[l - 1].y; }
    int input_width(int l) const { return l == 0 ? x_width : stages[l - 1].width; }

    static T* state(T* vector, std::size_t start, int row, int width, int from) {
        return vector ? vector + start + std::size_t(row) * width + from : nullptr;
    }

    // The batch's rows, as numbers or as they lie in the sparse images.
    void read_inputs(const std::int64_t* rows) {
        const int in = task.layers[0].in;
        if (task.features) {
            for (int i = 0; i < batch; ++i)
                std::memcpy(x + std::size_t(i) * x_width, task.features + rows[i] * in, in * sizeof(T));
            return;
        }
        if (images.on) {
            images.read(task, rows, batch);
            return;
        }
        for (int i = 0; i < batch; ++i) {
            const std::uint8_t* image = task.pixels + rows[i] * in;
            for (int p = 0; p < in; ++p) x[std::size_t(i) * x_width + p] = task.table[image[p]];
        }
    }

    bool mixes_units(int l) const {
        const Layer& layer = task.layers[l];
        return layer.rows > 0 && layer.activation == Activation::softmax;
    }

    // Softmax, where that is the activation of layer l.
    void apply_softmax(int l) {
        if (!mixes_units(l)) return;
        for (int i = 0; i < batch; ++i) {
            T* row = stages[l].y + std::size_t(i) * stages[l].width;
            softmax(row, row, task.layers[l].out);
        }
    }

    // d -> dz of the units `from` to `to` of layer l, in place; nothing where the activation mixes units.
    void multiply_by_slope(int l, T* d, int from, int to) {
        const Stage<T> stage = stages[l];
        if (mixes_units(l) || !stage.slope) return;
        for (int i = 0; i < batch; ++i) {
            T* __restrict row = d + std::size_t(i) * stage.width;
            const T* __restrict slope = stage.slope + std::size_t(i) * stage.width;
            for (int j = from; j < to; ++j) row[j] *= slope[j];
        }
    }

    // dy -> dz of layer l through a softmax, in place.
    void through_softmax(int l) {
        for (int i = 0; i < batch; ++i) through_softmax(l, i, dy + std::size_t(i) * stages[l].width);
    }
    void through_softmax(int l, int i, T* __restrict d) {
        const int units = task.layers[l].out;
        const T* __restrict a = stages[l].y + std::size_t(i) * stages[l].width;
        T mean = 0;
        for (int j = 0; j < units; ++j) mean += d[j] * a[j];
        for (int j = 0; j < units; ++j) d[j] = a[j] * (d[j] - mean);
    }
};

template <class T>
static std::size_t work_of(Pass<T>& pass, int l);  // the multiplications of layer l's pass over the batch

// What every kind of layer is made from: the pass, and its place in the network. Each says
//
//     rows that scratch must have room for, whether it reads sparse images, whether each example goes through it alone
//     lay_out(memory) -> its stage
//     forward(), backward(step) of the whole batch, or of the example i
//     work() -> multiplications of a pass over the batch
template <class T>
struct LayerOf {
    Pass<T>& pass;
    const int l;
    const Task<T>& task = pass.task;
    const Layer& layer = pass.task.layers[l];
    const Stage<T> stage = pass.stages[l];
    const int batch = pass.batch;
    static constexpr bool READS_SPARSE = false;
};

}  // namespace whynet::ISA
