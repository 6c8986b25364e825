// The loop over batches: forward, cost, backward, update; the same steps as the readable engine's, in the same order.
#pragma once

#include <cmath>

#include "matrix.hpp"
#include "normalise.hpp"
#include "task.hpp"

namespace whynet::ISA {

// ---- activations: a and its slope da/dz, in place of z; softmax, which mixes units, has no slope of its own.

template <class T>
static void activate(Activation activation, T* __restrict y, T* __restrict slope, int n) {
    switch (activation) {
        case Activation::identity:
            for (int j = 0; j < n; ++j) slope[j] = 1;
            break;
        case Activation::relu:
            for (int j = 0; j < n; ++j) {
                slope[j] = y[j] > 0 ? T(1) : T(0);
                y[j] = y[j] < 0 ? T(0) : y[j];  // so written, a NaN stays one
            }
            break;
        case Activation::leaky_relu:
            for (int j = 0; j < n; ++j) {
                slope[j] = y[j] > 0 ? T(1) : T(0.01);
                y[j] = y[j] > 0 ? y[j] : T(0.01) * y[j];
            }
            break;
        case Activation::elu:
            for (int j = 0; j < n; ++j) {
                const T e = exponential(y[j] > 0 ? T(0) : y[j]);
                slope[j] = y[j] > 0 ? T(1) : e;
                y[j] = y[j] > 0 ? y[j] : e - T(1);
            }
            break;
        case Activation::sigmoid:
            for (int j = 0; j < n; ++j) {
                const T a = T(1) / (T(1) + exponential(-y[j]));
                slope[j] = a * (T(1) - a);
                y[j] = a;
            }
            break;
        case Activation::tanh:
            for (int j = 0; j < n; ++j) {
                const T a = hyperbolic_tangent(y[j]);
                slope[j] = T(1) - a * a;
                y[j] = a;
            }
            break;
        case Activation::scaled_tanh:
            for (int j = 0; j < n; ++j) {
                const T a = hyperbolic_tangent(y[j] * T(2.0 / 3));
                slope[j] = T(1.7159 * 2 / 3) * (T(1) - a * a);
                y[j] = T(1.7159) * a;
            }
            break;
        case Activation::gelu:
            for (int j = 0; j < n; ++j) {
                const T z = y[j], root = T(0.79788456080286535588);  // sqrt(2 / pi)
                const T t = hyperbolic_tangent(root * (z + T(0.044715) * z * z * z));
                const T du = root * (T(1) + T(3 * 0.044715) * z * z);
                slope[j] = T(0.5) * (T(1) + t) + T(0.5) * z * (T(1) - t * t) * du;
                y[j] = T(0.5) * z * (T(1) + t);
            }
            break;
        case Activation::softmax: break;
    }
}

// Shares of a row of `units` numbers: exp(z - largest) over their sum. Returns the logarithm of that sum, plus largest.
template <class T>
static double softmax(const T* z, T* shares, int units) {
    T top = z[0];
    for (int j = 1; j < units; ++j) top = z[j] > top ? z[j] : top;
    for (int j = 0; j < units; ++j) shares[j] = exponential(z[j] - top);
    T total = 0;
    for (int j = 0; j < units; ++j) total += shares[j];
    for (int j = 0; j < units; ++j) shares[j] /= total;
    return std::log(double(total)) + double(top);
}

// ---- costs: the cost of one row; its gradient, already divided by the batch and times the row's weight, in `error`.

template <class T>
static double row_cost(Cost cost, const T* s, const T* t, int outputs, T factor, T* error) {
    double value = 0;
    switch (cost) {
        case Cost::quadratic:
            for (int j = 0; j < outputs; ++j) {
                const T e = s[j] - t[j];
                value += 0.5 * double(e) * double(e);
                error[j] = e * factor;
            }
            break;
        case Cost::sigmoid_cross_entropy:
            for (int j = 0; j < outputs; ++j) {
                const double z = double(s[j]);
                value += (z > 0 ? z : 0.0) + std::log1p(std::exp(-std::fabs(z))) - double(t[j]) * z;
                error[j] = (T(1) / (T(1) + exponential(-s[j])) - t[j]) * factor;
            }
            break;
        case Cost::softmax_cross_entropy: {
            const double logarithm = softmax(s, error, outputs);
            T mass = 0;
            for (int j = 0; j < outputs; ++j) mass += t[j];
            for (int j = 0; j < outputs; ++j) {
                value += double(t[j]) * (logarithm - double(s[j]));
                error[j] = (mass * error[j] - t[j]) * factor;
            }
            break;
        }
        case Cost::absolute:
            for (int j = 0; j < outputs; ++j) {
                const T e = s[j] - t[j];
                value += std::fabs(double(e));
                error[j] = T((e > 0) - (e < 0)) * factor;
            }
            break;
        case Cost::huber:
            for (int j = 0; j < outputs; ++j) {
                const T e = s[j] - t[j];
                const double far = std::fabs(double(e)), near = far < 1 ? far : 1;
                value += near * (far - near / 2);
                error[j] = (e > 1 ? T(1) : e < -1 ? T(-1) : e) * factor;
            }
            break;
    }
    return value;
}

// ---- optimizers: n parameters with their gradients; `w`, `first` and `second` are changed.

template <class T>
struct Step {
    Update update;
    T rate;            // of this step
    T corrected;       // Adam: rate / (1 - beta1^t)
    T square_share;    // Adam: 1 / (1 - beta2^t)
    bool alone;        // nothing acts beside the optimizer: a gradient of 0 changes nothing where it remembers only 0
    bool plain;        // and it remembers nothing at all
};

template <class T>
static void apply(const Step<T>& step, bool weights, T* __restrict g, T* __restrict w, T* __restrict first,
                  T* __restrict second, int n) {
    const Update& u = step.update;
    const T rate = step.rate, m = T(u.momentum);
    if (weights && (u.l1 > 0 || u.l2 > 0)) {
        const T l1 = T(u.l1), l2 = T(u.l2);
        for (int j = 0; j < n; ++j) g[j] += l1 * T((w[j] > 0) - (w[j] < 0)) + l2 * w[j];
    }
    if (weights && u.weight_decay > 0) {
        const T keep = T(1 - double(rate) * u.weight_decay);
        for (int j = 0; j < n; ++j) w[j] *= keep;
    }
    switch (u.optimizer) {
        case Optimizer::sgd:
            if (u.momentum > 0)
                for (int j = 0; j < n; ++j) {
                    first[j] = m * first[j] - rate * g[j];
                    w[j] += first[j];
                }
            else
                for (int j = 0; j < n; ++j) w[j] -= rate * g[j];
            break;
        case Optimizer::nesterov:
            for (int j = 0; j < n; ++j) {
                first[j] = m * first[j] - rate * g[j];
                w[j] += m * first[j] - rate * g[j];
            }
            break;
        case Optimizer::rmsprop: {
            const T decay = T(u.decay), rest = T(1 - u.decay), epsilon = T(u.epsilon);
            for (int j = 0; j < n; ++j) {
                second[j] = decay * second[j] + rest * g[j] * g[j];
                first[j] = m * first[j] - rate * g[j] / (std::sqrt(second[j]) + epsilon);
                w[j] += first[j];
            }
            break;
        }
        case Optimizer::adam: {
            const T rest1 = T(1 - u.momentum), beta2 = T(u.beta2), rest2 = T(1 - u.beta2), epsilon = T(u.epsilon);
            for (int j = 0; j < n; ++j) {
                first[j] = m * first[j] + rest1 * g[j];
                second[j] = beta2 * second[j] + rest2 * g[j] * g[j];
                w[j] -= step.corrected * first[j] / (std::sqrt(second[j] * step.square_share) + epsilon);
            }
            break;
        }
    }
}

// ---- chance: the hash of (seed, step, layer, row, unit) that noise.py spells out.

constexpr std::uint64_t GOLDEN = 0x9E3779B97F4A7C15ULL;
static inline std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static inline std::uint64_t row_key(const Layer& layer, std::uint64_t seed, std::uint64_t step, int row) {
    std::uint64_t key = 0;
    const std::uint64_t parts[] = {seed, step, layer.index};
    for (std::uint64_t part : parts) key = mix(key + GOLDEN * (part + 1));
    return key + (std::uint64_t(row) << 32) * GOLDEN;
}

template <class T>
static void drop(double rate, std::uint64_t key, T* __restrict y, T* __restrict slope, int n) {
    const float least = float(rate);
    const T scale = T(1 / (1 - rate));
    for (int j = 0; j < n; ++j) {
        const float uniform = float(std::int32_t(mix(std::uint64_t(j) * GOLDEN + key) >> 40)) * (1.0f / 16777216.0f);
        slope[j] = uniform >= least ? scale : T(0);
        y[j] *= slope[j];
    }
}

// Box and Muller's sqrt(-2 ln(1 - first)) cos(2 pi second), of two times 24 bits.
template <class T>
static void add_noise(double sd, std::uint64_t key, T* __restrict y, T* __restrict slope, int n) {
    constexpr double share = 1.0 / (1 << 24);
    for (int j = 0; j < n; ++j) {
        const std::uint64_t hashed = mix(std::uint64_t(j) * GOLDEN + key);
        const double first = share * std::int32_t(hashed >> 40), second = share * (std::int32_t(hashed >> 16) & 0xFFFFFF);
        const double turned = std::fabs(2 * second - 1) - 0.5;  // cos(2 pi second) = sin(pi turned)
        y[j] += T(sd * std::sqrt(-2 * logarithm(1 - first)) * sine_of_half_turns(turned));
        slope[j] = 1;
    }
}

// ---- the loop

constexpr int MOST_LAYERS = 256;
constexpr int NARROW = 64;      // up to so many units, sparse gradients are scattered row by row
constexpr int FEW = 32;         // up to so many units, a weight matrix is transposed for the way back
constexpr int BLOCK = 8;        // rows of a weight matrix whose gradient is worked out at a time
constexpr int SPAN = 128;       // columns of it at a time
constexpr int SCRATCH_ROWS = 4;
// Layers from LARGE x LARGE on, and batches of LARGE_BATCH, are BLAS's, cut into pieces that do not depend on threads.
constexpr int LARGE = 128, LARGE_BATCH = 16, LARGE_ROWS = 128, LARGE_COLUMNS = 640;

// Columns of a piece: 2, 4, 8 ... of the same size, as 2 or 4 threads share them, and as large as LARGE_COLUMNS allows:
// BLAS copies what it is handed into an order of its own, for small pieces often.
static inline int large_piece(int width) {
    int pieces = 2;
    while (width > pieces * LARGE_COLUMNS) pieces *= 2;
    return padded((width + pieces - 1) / pieces);
}
constexpr std::size_t WORTHWHILE = 100000;

template <class T>
struct Trainer {
    Task<T>& task;
    Crew* crew;
    int batch;
    struct Stage {
        T *y, *slope;           // (batch, width)
        T *x_hat, *inverse_sd;  // (batch, width) and (width,), where the layer normalises
        int width;
    } stages[MOST_LAYERS];
    T* x;         // dense features (batch, x_width), where the images are not taken as sparse
    int x_width;
    T *dy, *dx;   // (batch, widest)
    T* gradient;  // as large as the parameters: where the whole gradient is needed at once
    T* scratch;   // SCRATCH_ROWS rows of the widest layer
    T* packed;    // for each worker, a panel of a matrix
    std::size_t packed_size;
    T* blocks;    // for each worker, the gradient of some rows and columns
    std::size_t block_size;
    // The batch's images as sparse rows.
    T lookup[256];  // a pixel's value above that of a pixel of 0
    std::int32_t* row_starts;
    struct Columns {  // transposed: sorted by pixel. Each worker has its own, which is cheaper than sending it over
        T* values;
        std::int32_t *starts, *rows;
    };
    Columns columns_of(int worker) const {
        return {column_values + worker * column_size, column_starts + worker * starts_size,
                column_rows + worker * column_size};
    }
    std::uint8_t* moved;  // (inputs,): whether the optimizer remembers anything but 0 of a pixel's weights
    T* column_values;
    std::int32_t *column_starts, *column_rows;
    std::size_t column_size, starts_size;
    const Mark** row_marks;
    Inked<T>* rows_read;  // for each worker, the batch's images as far as they have been read
    const T** row_targets;
    bool sparse;
    T offset;  // what a pixel of 0 becomes; the sparse values are those above it

    static std::size_t widest(const Task<T>& task) {
        std::size_t most = padded(task.layers[0].in);
        for (int l = 0; l < task.count; ++l) most = largest<std::size_t>(most, padded(task.layers[l].out));
        return most;
    }

    // Hands out working memory; without any, only counts it.
    static std::size_t lay_out(Trainer* trainer, const Task<T>& task) {
        std::size_t used = 0;
        const std::size_t batch = task.batch, wide = widest(task), in = padded(task.layers[0].in);
        auto take = [&](std::size_t numbers) {
            T* at = trainer ? task.memory + used : nullptr;
            used += (numbers + 2 * LANES - 1) / LANES * LANES;
            return at;
        };
        auto take_whole = [&](std::size_t numbers) { return reinterpret_cast<std::int32_t*>(take(numbers)); };
        Trainer dummy{const_cast<Task<T>&>(task), nullptr};
        Trainer& t = trainer ? *trainer : dummy;
        for (int l = 0; l < task.count; ++l) {
            const int width = padded(task.layers[l].out);
            const bool normalises = task.layers[l].kind == Kind::normalisation;
            t.stages[l] = {take(batch * width), take(batch * width), take(normalises ? batch * width : 0),
                           take(normalises ? width : 0), width};
        }
        t.x_width = int(in);
        t.x = take(batch * in);
        t.dy = take(batch * wide);
        t.dx = take(batch * wide);
        const bool narrow = task.layers[0].kind == Kind::dense && padded(task.layers[0].out) <= NARROW;
        t.gradient = take(task.update.clip_norm > 0 ? task.size : narrow ? task.layers[0].biases : 0);
        t.scratch = take(SCRATCH_ROWS * wide);
        t.packed_size = largest<std::size_t>(wide * largest(2 * WIDTH<T>, FEW), batch * SPAN);
        t.packed = take(t.packed_size * task.workers);
        t.block_size = task.gemm ? LARGE_ROWS * LARGE_COLUMNS : BLOCK * SPAN;
        t.blocks = take(t.block_size * task.workers);
        t.column_size = batch * in;
        t.starts_size = in + 2 * LANES;
        t.column_values = take(t.column_size * task.workers);
        t.rows_read = reinterpret_cast<Inked<T>*>(take(batch * task.workers * (sizeof(Inked<T>) / sizeof(T))));
        t.row_marks = reinterpret_cast<const Mark**>(take(batch * 8 / sizeof(T) + 8));
        t.row_targets = reinterpret_cast<const T**>(take(batch * 8 / sizeof(T) + 8));
        t.moved = reinterpret_cast<std::uint8_t*>(take(in));
        t.column_rows = take_whole(t.column_size * task.workers);
        t.row_starts = take_whole(batch + 1);
        t.column_starts = take_whole(t.starts_size * task.workers);
        return used;
    }

    // Shares a job among the workers if its `work`, in multiplications, is worth waking them.
    template <class Job>
    void together(std::size_t work, Job job) {
        if (crew->workers == 1 || work < WORTHWHILE) {
            job(0, 1);
            return;
        }
        crew->run(crew, [](void* data, int worker, int workers) { (*static_cast<Job*>(data))(worker, workers); }, &job);
    }

    // Multiplications of a layer's pass over the batch.
    std::size_t work(int l) const {
        const std::size_t inputs = l == 0 && sparse ? row_starts[batch] : std::size_t(batch) * task.layers[l].in;
        return inputs * stages[l].width;
    }

    bool large(int l) const {
        const Layer& layer = task.layers[l];
        return task.gemm && !(l == 0 && sparse) && layer.kind == Kind::dense && task.batch >= LARGE_BATCH &&
               layer.in >= LARGE && layer.out >= LARGE;
    }

    int piece_of(int l, int width) const { return large(l) ? large_piece(width) : LANES; }

    // The columns of a worker: whole vectors (or larger pieces), as even as they come.
    static void share(int width, int worker, int workers, int* from, int* to, int piece = LANES) {
        const int parts = (width + piece - 1) / piece;
        *from = smallest(int(std::int64_t(parts) * worker / workers) * piece, width);
        *to = smallest(int(std::int64_t(parts) * (worker + 1) / workers) * piece, width);
    }

    void read_images(const std::int64_t* rows) {
        const int in = task.layers[0].in;
        if (task.features) {
            for (int i = 0; i < batch; ++i)
                std::memcpy(x + std::size_t(i) * x_width, task.features + rows[i] * in, in * sizeof(T));
            return;
        }
        if (!sparse) {
            for (int i = 0; i < batch; ++i) {
                const std::uint8_t* image = task.pixels + rows[i] * in;
                for (int p = 0; p < in; ++p) x[std::size_t(i) * x_width + p] = task.table[image[p]];
            }
            return;
        }
        std::int32_t used = 0;
        for (int i = 0; i < batch; ++i) {
            row_starts[i] = used;
            const std::int64_t start = task.starts[rows[i]];
            row_marks[i] = task.marks + start;
            used += std::int32_t(task.starts[rows[i] + 1] - start);
        }
        row_starts[batch] = used;
    }

    // Labels lie far apart in memory: looked up one after the other, they arrive together.
    void read_targets(const std::int64_t* rows) {
        const int outputs = task.layers[task.count - 1].out;
        for (int i = 0; i < batch; ++i) row_targets[i] = task.targets + task.labels[rows[i]] * outputs;
    }

    // The next batch's images on their way into the cache: in random order, they would not be there. They are read, not
    // prefetched: a processor may drop prefetches, and does.
    void fetch_images(const std::int64_t* rows) {
        for (int i = 0; i < batch; ++i) {
            const Mark *mark = task.marks + task.starts[rows[i]], *stop = task.marks + task.starts[rows[i] + 1];
            for (; mark < stop; mark += 64 / sizeof(Mark)) touch(mark);
            touch(stop);
        }
    }
    static void touch(const Mark* mark) { (void)*const_cast<const volatile std::uint8_t*>(&mark->ink); }

    Inked<T> row_of(int i) const { return {row_marks[i], row_starts[i + 1] - row_starts[i], lookup}; }

    // The sparse rows sorted by pixel, within a pixel by row.
    void transpose_images(Columns columns) {
        const int in = task.layers[0].in;
        for (int p = 0; p <= in + 1; ++p) columns.starts[p] = 0;
        for (int i = 0; i < batch; ++i) {
            Inked<T> row = row_of(i);
            for (int s = 0; s < row.count; ++s) ++columns.starts[row.next().place + 2];
        }
        for (int p = 2; p <= in + 1; ++p) columns.starts[p] += columns.starts[p - 1];
        for (int i = 0; i < batch; ++i) {
            Inked<T> row = row_of(i);
            for (int s = 0; s < row.count; ++s) {
                const Term<T> term = row.next();
                const std::int32_t at = columns.starts[term.place + 1]++;
                columns.rows[at] = i;
                columns.values[at] = term.value;
            }
        }
    }

    void forward_dense(int l) {
        const Layer& layer = task.layers[l];
        const Stage stage = stages[l];
        const T* W = task.params + layer.weights;
        const T* b = task.params + layer.biases;
        together(work(l), [&](int worker, int workers) {
            int from, to;
            const int piece = piece_of(l, stage.width);
            share(stage.width, worker, workers, &from, &to, piece);
            if (from == to) return;
            if (l == 0 && sparse) {
                // x = offset + values: the offset's part is the same for every image.
                T* start = scratch + from;
                for (int j = from; j < to; ++j) scratch[j] = b[j];
                if (offset != 0)
                    for (int p = 0; p < layer.in; ++p)
                        for (int j = from; j < to; ++j) scratch[j] += offset * W[std::size_t(p) * stage.width + j];
                T* y = stage.y + from;
                if (stage.width <= NARROW)
                    for (int i = 0; i < batch; ++i)
                        multiply_sparse<4>(start, row_of(i), W + from, stage.width, to - from,
                                           y + std::size_t(i) * stage.width);
                else
                    multiply_images(start, [this](int i) { return row_of(i); }, batch, layer.in, W + from, stage.width,
                                    to - from, y, stage.width, rows_read + batch * worker);
            } else {
                const T* input = l == 0 ? x : stages[l - 1].y;
                const int width = l == 0 ? x_width : stages[l - 1].width;
                if (large(l))
                    for (int part = from; part < to; part += piece)
                        multiply_large(task.gemm, false, input, width, false, W + part, stage.width, batch, layer.in,
                                       smallest(piece, to - part), stage.y + part, stage.width);
                else
                    multiply(input, width, 1, W + from, stage.width, batch, layer.in, to - from, stage.y + from,
                             stage.width, packed + packed_size * worker);
                for (int i = 0; i < batch; ++i)
                    for (int j = from; j < to; ++j) stage.y[std::size_t(i) * stage.width + j] += b[j];
            }
            for (int i = 0; i < batch; ++i)
                activate(layer.activation, stage.y + std::size_t(i) * stage.width + from,
                         stage.slope + std::size_t(i) * stage.width + from, to - from);
        });
        share_out(l);
    }

    // Softmax, where that is the activation of layer l.
    void share_out(int l) {
        if (!mixes_units(l)) return;
        for (int i = 0; i < batch; ++i) {
            T* row = stages[l].y + std::size_t(i) * stages[l].width;
            softmax(row, row, task.layers[l].out);
        }
    }

    static constexpr int NORMALISING = 8;  // a pass over one number takes as long as so many multiplications

    // While `learning`, by the batch's own mean and variance, which go into the running ones; else by those.
    void forward_normalised(int l, bool learning) {
        const Layer& layer = task.layers[l];
        const Stage stage = stages[l];
        const T* input = l == 0 ? x : stages[l - 1].y;
        const T *scale = task.params + layer.weights, *shift = task.params + layer.biases;
        T *running_mean = task.statistics + layer.statistics, *running_variance = running_mean + stage.width;
        T *mean = learning ? scratch : running_mean, *variance = learning ? scratch + widest_width : running_variance;
        together(std::size_t(batch) * stage.width * NORMALISING, [&](int worker, int workers) {
            int from, to;
            share(stage.width, worker, workers, &from, &to);
            if (learning) {
                batch_statistics(input + from, stage.width, batch, to - from, mean + from, variance + from);
                blend_in(T(layer.strength), batch, to - from, mean + from, variance + from, running_mean + from,
                         running_variance + from);
            }
            for (int j = from; j < to; ++j) stage.inverse_sd[j] = T(1) / std::sqrt(variance[j] + T(layer.epsilon));
            for (int i = 0; i < batch; ++i) {
                const std::size_t at = std::size_t(i) * stage.width;
                for (int j = from; j < to; ++j) {
                    stage.x_hat[at + j] = (input[at + j] - mean[j]) * stage.inverse_sd[j];
                    stage.y[at + j] = scale[j] * stage.x_hat[at + j] + shift[j];
                }
                activate(layer.activation, stage.y + at + from, stage.slope + at + from, to - from);
            }
        });
        share_out(l);
    }

    void forward_by_chance(int l, std::uint64_t step) {
        const Layer& layer = task.layers[l];
        const Stage stage = stages[l];
        const T* input = l == 0 ? x : stages[l - 1].y;
        constexpr int HASHING = 32;  // a random number takes as long as so many multiplications
        together(std::size_t(batch) * stage.width * HASHING, [&](int worker, int workers) {
            for (int i = worker; i < batch; i += workers) {
                const std::size_t at = std::size_t(i) * stage.width;
                const std::uint64_t key = row_key(layer, task.seed, step, i);
                std::memcpy(stage.y + at, input + at, stage.width * sizeof(T));
                if (layer.kind == Kind::dropout)
                    drop(layer.strength, key, stage.y + at, stage.slope + at, layer.out);
                else
                    add_noise(layer.strength, key, stage.y + at, stage.slope + at, layer.out);
            }
        });
    }

    // Layer l as in training.
    void forward(int l, std::uint64_t step) {
        switch (task.layers[l].kind) {
            case Kind::dense: return forward_dense(l);
            case Kind::normalisation: return forward_normalised(l, true);
            case Kind::dropout:
            case Kind::noise: return forward_by_chance(l, step);
        }
    }

    double output_error(const std::int64_t* rows) {
        const int last = task.count - 1, outputs = task.layers[last].out, width = stages[last].width;
        double total = 0;
        for (int i = 0; i < batch; ++i) {
            const T weight = task.weights ? task.weights[rows[i]] : T(1);
            T* error = dy + std::size_t(i) * width;
            for (int j = outputs; j < width; ++j) error[j] = 0;
            total += double(weight) * row_cost(task.cost, stages[last].y + std::size_t(i) * width,
                                               row_targets[i], outputs, T(1) / T(batch) * weight, error);
        }
        return total / batch;
    }

    bool mixes_units(int l) const {
        const Layer& layer = task.layers[l];
        return layer.rows > 0 && layer.activation == Activation::softmax;
    }

    // d -> dz of the units `from` to `to` of layer l, in place; nothing where the activation mixes units.
    void multiply_by_slope(int l, T* d, int from, int to) {
        const Stage stage = stages[l];
        if (mixes_units(l)) return;
        for (int i = 0; i < batch; ++i) {
            T* __restrict row = d + std::size_t(i) * stage.width;
            const T* __restrict slope = stage.slope + std::size_t(i) * stage.width;
            for (int j = from; j < to; ++j) row[j] *= slope[j];
        }
    }

    // dy -> dz of layer l through a softmax, in place.
    void through_softmax(int l) {
        const Stage stage = stages[l];
        const int units = task.layers[l].out;
        for (int i = 0; i < batch; ++i) {
            T* __restrict d = dy + std::size_t(i) * stage.width;
            const T* __restrict a = stage.y + std::size_t(i) * stage.width;
            T mean = 0;
            for (int j = 0; j < units; ++j) mean += d[j] * a[j];
            for (int j = 0; j < units; ++j) d[j] = a[j] * (d[j] - mean);
        }
    }

    void backward_dense(int l, const Step<T>& step) {
        const Layer& layer = task.layers[l];
        const Stage stage = stages[l];
        T* W = task.params + layer.weights;
        if (l > 0) {
            const int width = stages[l - 1].width;
            const std::size_t worth = largest(work(l), work(l - 1));  // they go on with the same columns
            together(worth, [&](int worker, int workers) {
                int from, to;
                const int piece = piece_of(l, width);
                share(width, worker, workers, &from, &to, piece);
                const int n = to - from, rows = smallest(to, layer.in) - from;
                const T* mine = W + std::size_t(from) * stage.width;
                if (rows <= 0) return;
                if (large(l)) {
                    for (int part = 0; part < rows; part += piece)
                        multiply_large(task.gemm, false, dy, stage.width, true, mine + std::size_t(part) * stage.width,
                                       stage.width, batch, stage.width, smallest(piece, rows - part),
                                       dx + from + part, width);
                    multiply_by_slope(l - 1, dx, from, from + rows);
                    return;
                }
                if (layer.out > FEW) {
                    multiply_transposed(dy, stage.width, mine, stage.width, batch, rows, stage.width, dx + from, width);
                    multiply_by_slope(l - 1, dx, from, from + rows);
                    return;
                }
                T* turned = packed + packed_size * worker;  // W transposed: dot products of a few numbers are slow
                transpose(mine, stage.width, rows, stage.width, turned, n);
                multiply<T>(dy, stage.width, 1, turned, n, batch, layer.out, n, dx + from, width, nullptr);
                multiply_by_slope(l - 1, dx, from, to);
            });
            for (int i = 0; i < batch; ++i)
                for (int j = layer.in; j < width; ++j) dx[std::size_t(i) * width + j] = 0;
        }
        together(work(l), [&](int worker, int workers) {
            int from, to;
            const int piece = piece_of(l, stage.width), span_size = large(l) ? piece : SPAN;
            share(stage.width, worker, workers, &from, &to, piece);
            if (l == 0 && sparse && stage.width > NARROW && from < to) transpose_images(columns_of(worker));
            for (int span = from; span < to; span += span_size)
                weight_gradient(l, step, span, smallest(span + span_size, to), worker);
        });
        T* swapped = dy;
        dy = dx;
        dx = swapped;
    }

    void backward_normalised(int l, const Step<T>& step) {
        const Layer& layer = task.layers[l];
        const Stage stage = stages[l];
        together(std::size_t(batch) * stage.width * NORMALISING, [&](int worker, int workers) {
            int from, to;
            share(stage.width, worker, workers, &from, &to);
            const int n = to - from;
            const T* x_hat = stage.x_hat + from;
            T *scale = task.params + layer.weights + from, *shift = task.params + layer.biases + from;
            T *dscale = scratch + from, *dshift = scratch + widest_width + from;
            scale_and_shift_gradients(dy + from, x_hat, stage.width, batch, n, dscale, dshift);
            through_normalisation(dy + from, x_hat, stage.width, batch, n, scale, stage.inverse_sd + from, dscale,
                                  dshift);
            if (step.update.clip_norm > 0) {
                std::memcpy(gradient + layer.weights + from, dscale, n * sizeof(T));
                std::memcpy(gradient + layer.biases + from, dshift, n * sizeof(T));
                return;
            }
            apply(step, false, dscale, scale, state(task.first, layer.weights, 0, 0, from),
                  state(task.second, layer.weights, 0, 0, from), n);
            apply(step, false, dshift, shift, state(task.first, layer.biases, 0, 0, from),
                  state(task.second, layer.biases, 0, 0, from), n);
        });
    }

    // Gradient and update of the columns `from` to `to`, at most SPAN, of layer l.
    void weight_gradient(int l, const Step<T>& step, int from, int to, int worker) {
        const Columns columns = columns_of(worker);
        const Layer& layer = task.layers[l];
        const Stage stage = stages[l];
        const int n = to - from, width = stage.width;
        T* W = task.params + layer.weights + from;
        const T* dz = dy + from;
        const bool keep = step.update.clip_norm > 0;
        T* total = scratch + from;  // the column sums of dz: the gradient of the biases
        for (int j = 0; j < n; ++j) total[j] = 0;
        for (int i = 0; i < batch; ++i)
            for (int j = 0; j < n; ++j) total[j] += dz[std::size_t(i) * width + j];

        T* block = blocks + block_size * worker;
        auto update_rows = [&](int k, int count, T* g, std::size_t g_row) {
            if (keep) return;
            for (int r = 0; r < count; ++r)
                apply(step, true, g + r * g_row, W + std::size_t(k + r) * width,
                      state(task.first, layer.weights, k + r, width, from),
                      state(task.second, layer.weights, k + r, width, from), n);
        };
        T* whole = gradient + layer.weights + from;
        if (l == 0 && sparse && width <= NARROW) {
            scatter_images(layer, step, from, n, total, whole, update_rows);
        } else if (l == 0 && sparse) {
            T* start = scratch + widest_width + from;
            for (int j = 0; j < n; ++j) start[j] = offset * total[j];
            for (int k = 0; k < layer.in; ++k) {
                const std::int32_t first = columns.starts[k], count = columns.starts[k + 1] - first;
                const bool still = step.plain || (step.alone && !__atomic_load_n(moved + k, __ATOMIC_RELAXED));
                if (count == 0 && offset == 0 && still) continue;
                __atomic_store_n(moved + k, true, __ATOMIC_RELAXED);  // whichever worker comes first
                T* g = keep ? whole + std::size_t(k) * width : block;
                const Terms<T> column{columns.rows + first, columns.values + first, count};
                multiply_sparse<1>(start, column, dz, width, n, g);
                update_rows(k, 1, g, 0);
            }
        } else {
            const T* input = l == 0 ? x : stages[l - 1].y;
            const int input_width = l == 0 ? x_width : stages[l - 1].width;
            T* near = packed + packed_size * worker;  // these columns of dz in one piece, for all rows of W
            for (int i = 0; i < batch && !large(l); ++i)
                for (int j = 0; j < n; ++j) near[std::size_t(i) * n + j] = dz[std::size_t(i) * width + j];
            auto product = [&](int k, int count, T* g, int g_row, auto putting) {
                if (large(l))
                    multiply_large(task.gemm, true, input + k, input_width, false, dz, width, count, batch, n, g, g_row,
                                   putting);
                else
                    multiply<T>(input + k, 1, input_width, near, n, count, batch, n, g, g_row, nullptr, putting);
            };
            const int piece = step.plain ? layer.in : large(l) ? LARGE_ROWS : BLOCK;
            for (int k = 0; k < layer.in; k += piece) {
                const int count = smallest(piece, layer.in - k);
                if (step.plain) {  // straight into the weights
                    product(k, count, W + std::size_t(k) * width, width, Adding<T>{-step.rate});
                    continue;
                }
                T* g = keep ? whole + std::size_t(k) * width : block;
                const int g_row = keep ? width : n;
                product(k, count, g, g_row, Writing<T>());
                update_rows(k, count, g, g_row);
            }
        }
        if (keep)
            for (int j = 0; j < n; ++j) gradient[layer.biases + from + j] = total[j];
        else
            apply(step, false, total, task.params + layer.biases + from, state(task.first, layer.biases, 0, 0, from),
                  state(task.second, layer.biases, 0, 0, from), n);
    }

    // For few units: each image adds to the gradient's rows where it has ink. Under plain SGD they go straight into the
    // weights.
    template <class Rows>
    void scatter_images(const Layer& layer, const Step<T>& step, int from, int n, const T* total, T* whole, Rows update_rows) {
        const int width = padded(layer.out);
        T* W = task.params + layer.weights + from;
        const bool direct = step.plain && offset == 0;
        T* into = direct ? W : whole;
        if (!direct)
            for (int k = 0; k < layer.in; ++k)
                for (int j = 0; j < n; ++j) whole[std::size_t(k) * width + j] = offset * total[j];
        const T factor = direct ? -step.rate : T(1);
        int j = 0;
        for (; j + 2 * LANES <= n; j += 2 * LANES) scatter_columns<2 * LANES>(width, from + j, factor, into + j);
        for (; j < n; j += LANES) scatter_columns<LANES>(width, from + j, factor, into + j);
        if (!direct) update_rows(0, layer.in, whole, width);
    }

    template <int COLUMNS>
    void scatter_columns(int width, int from, T factor, T* into) {
        constexpr int V = COLUMNS / WIDTH<T>;
        for (int i = 0; i < batch; ++i) {
            Vec<T> dz[V];
            for (int v = 0; v < V; ++v) dz[v] = factor * load(dy + std::size_t(i) * width + from + v * WIDTH<T>);
            scatter<V>(row_of(i), dz, into, width);
        }
    }

    static T* state(T* vector, std::size_t start, int row, int width, int from) {
        return vector ? vector + start + std::size_t(row) * width + from : nullptr;
    }

    // Where the whole gradient must be known first: penalty, norm, then the update.
    void clipped_update(Step<T> step) {
        double squares = 0;
        for (int l = 0; l < task.count; ++l) {
            const Layer& layer = task.layers[l];
            T *g = gradient + layer.weights, *w = task.params + layer.weights;
            const T l1 = T(step.update.l1), l2 = T(step.update.l2);
            const std::size_t width = stages[l].width, weights = layer.kind == Kind::dense ? layer.in * width : 0;
            for (std::size_t j = 0; j < weights; ++j) g[j] += l1 * T((w[j] > 0) - (w[j] < 0)) + l2 * w[j];
            for (std::size_t j = 0; j < layer.rows * width; ++j) squares += double(g[j]) * double(g[j]);
        }
        const double norm = std::sqrt(squares);
        const T shorten = norm > step.update.clip_norm ? T(step.update.clip_norm / norm) : T(1);
        step.update.l1 = step.update.l2 = 0;  // in the gradient already
        for (int l = 0; l < task.count; ++l) {
            const Layer& layer = task.layers[l];
            const int width = stages[l].width;
            for (int k = 0; k < layer.rows; ++k) {
                const bool weights = layer.kind == Kind::dense && k < layer.in;
                const std::size_t at = layer.weights + std::size_t(k) * width;
                T* g = gradient + at;
                for (int j = 0; j < width; ++j) g[j] *= shorten;
                apply(step, weights, g, task.params + at, state(task.first, at, 0, 0, 0), state(task.second, at, 0, 0, 0),
                      width);
            }
        }
    }

    void limit_norms() {
        for (int l = 0; l < task.count; ++l) {
            const Layer& layer = task.layers[l];
            if (layer.kind != Kind::dense) continue;
            const int width = stages[l].width;
            T *W = task.params + layer.weights, *squares = scratch;
            for (int j = 0; j < width; ++j) squares[j] = 0;
            for (int k = 0; k < layer.in; ++k)
                for (int j = 0; j < width; ++j)
                    squares[j] += W[std::size_t(k) * width + j] * W[std::size_t(k) * width + j];
            const T most = T(task.update.max_norm);
            for (int j = 0; j < width; ++j) {
                const T norm = std::sqrt(squares[j]);
                squares[j] = norm > most ? most / norm : T(1);
            }
            for (int k = 0; k < layer.in; ++k)
                for (int j = 0; j < width; ++j) W[std::size_t(k) * width + j] *= squares[j];
        }
    }

    void begin() {
        widest_width = widest(task);
        batch = task.batch;
        sparse = task.starts != nullptr && task.layers[0].kind == Kind::dense;
        offset = task.table ? task.table[0] : T(0);
        if (!task.table) return;
        for (int pixel = 0; pixel < 256; ++pixel) lookup[pixel] = task.table[pixel] - offset;
    }

    void find_moved() {
        const Layer& layer = task.layers[0];
        const T* remembered[] = {task.first, task.second};
        const int width = stages[0].width;
        for (int k = 0; k < layer.in; ++k) {
            moved[k] = false;
            for (const T* vector : remembered)
                for (int j = 0; vector && j < width; ++j)
                    moved[k] |= vector[layer.weights + std::size_t(k) * width + j] != 0;
        }
    }

    // What the last layer puts out for every image, in order; `batch` of them at a time.
    void score(T* scores) {
        begin();
        const int last = task.count - 1, outputs = task.layers[last].out;
        std::int64_t rows[64];
        for (std::int64_t done = 0; done < task.examples; done += batch) {
            batch = int(smallest<std::int64_t>(task.batch, task.examples - done));
            for (int i = 0; i < batch; ++i) rows[i] = done + i;
            read_images(rows);
            for (int l = 0; l < task.count; ++l)
                task.layers[l].kind == Kind::dense ? forward_dense(l) : forward_normalised(l, false);
            for (int i = 0; i < batch; ++i)
                std::memcpy(scores + (done + i) * outputs, stages[last].y + std::size_t(i) * stages[last].width,
                            outputs * sizeof(T));
        }
    }

    // Takes the steps; returns how many were sound: fewer than asked if a cost was not finite.
    std::int64_t run() {
        begin();
        if (sparse) find_moved();
        const Update& u = task.update;
        for (std::int64_t s = 0; s < task.steps; ++s) {
            const std::int64_t* rows = task.rows + s * batch;
            const std::uint64_t number = std::uint64_t(task.first_step + s);
            read_images(rows);
            read_targets(rows);
            if (sparse && s + 1 < task.steps) fetch_images(rows + batch);
            if (sparse && s + 2 < task.steps)  // where the images after the next begin
                for (int i = 0; i < batch; ++i) __builtin_prefetch(task.starts + rows[2 * batch + i]);
            for (int l = 0; l < task.count; ++l) forward(l, number);
            task.costs[s] = output_error(rows);
            if (!(task.costs[s] - task.costs[s] == 0)) return s;

            const double t = double(task.steps_before + s + 1);
            Step<T> step{u, T(task.rates[s]), 0, 0, false, false};
            step.corrected = T(task.rates[s] / (1 - std::pow(u.momentum, t)));
            step.square_share = T(1 / (1 - std::pow(u.beta2, t)));
            step.alone = u.l1 == 0 && u.l2 == 0 && u.weight_decay == 0 && u.clip_norm == 0;
            step.plain = step.alone && u.optimizer == Optimizer::sgd && u.momentum == 0;
            for (int l = task.count - 1; l >= 0; --l) {
                const bool last = l == task.count - 1;
                if (mixes_units(l))
                    through_softmax(l);
                else if (last || task.layers[l + 1].kind != Kind::dense)  // else the layer above has done it
                    multiply_by_slope(l, dy, 0, task.layers[l].out);
                if (task.layers[l].kind == Kind::dense) backward_dense(l, step);
                if (task.layers[l].kind == Kind::normalisation) backward_normalised(l, step);
            }
            if (u.clip_norm > 0) clipped_update(step);
            if (u.max_norm > 0) limit_norms();
            if (u.average > 0) {
                const double share = 1 - smallest(u.average, double(1 + number) / double(10 + number));
                const T part = T(share);
                for (std::size_t j = 0; j < task.size; ++j) task.mean[j] += part * (task.params[j] - task.mean[j]);
            }
        }
        return task.steps;
    }

    std::size_t widest_width = 0;
};

}  // namespace whynet::ISA
