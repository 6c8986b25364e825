// Batch normalisation of columns side by side, each (a unit) by itself; LANES of them at a time, whose rows stay in the
// first cache. Sums over the batch are taken in double: it may be long.
#pragma once

#include <cmath>

#include "../pass.hpp"

namespace whynet::ISA {

// The mean of each column of x (rows, columns), and the mean square of what is left without it.
template <class T>
static void batch_statistics(const T* x, std::ptrdiff_t x_row, int rows, int columns, T* mean, T* variance) {
    for (int j = 0; j < columns; j += LANES) {
        double middle[LANES] = {}, squares[LANES] = {};
        for (int i = 0; i < rows; ++i)
            for (int lane = 0; lane < LANES; ++lane) middle[lane] += double(x[i * x_row + j + lane]);
        for (double& one : middle) one /= rows;
        for (int i = 0; i < rows; ++i)
            for (int lane = 0; lane < LANES; ++lane) {
                const double away = double(x[i * x_row + j + lane]) - middle[lane];
                squares[lane] += away * away;
            }
        for (int lane = 0; lane < LANES; ++lane) {
            mean[j + lane] = T(middle[lane]);
            variance[j + lane] = T(squares[lane] / rows);
        }
    }
}

// The running statistics move by a share towards those of a batch, whose variance is made unbiased first.
template <class T>
static void blend_in(T share, std::size_t rows, int columns, const T* mean, const T* variance, T* running_mean,
                     T* running_variance) {
    const T unbiased = T(double(rows) / (rows > 1 ? rows - 1 : 1));
    for (int j = 0; j < columns; ++j) {
        running_mean[j] += share * (mean[j] - running_mean[j]);
        running_variance[j] += share * (variance[j] * unbiased - running_variance[j]);
    }
}

// The gradients of scale and shift, sums over the rows of dz x_hat and of dz; both have rows as far apart.
template <class T>
static void scale_and_shift_gradients(const T* dz, const T* x_hat, std::ptrdiff_t row, int rows, int columns,
                                      T* dscale, T* dshift) {
    for (int j = 0; j < columns; j += LANES) {
        double products[LANES] = {}, total[LANES] = {};
        for (int i = 0; i < rows; ++i)
            for (int lane = 0; lane < LANES; ++lane) {
                const double d = double(dz[i * row + j + lane]);
                products[lane] += d * double(x_hat[i * row + j + lane]);
                total[lane] += d;
            }
        for (int lane = 0; lane < LANES; ++lane) {
            dscale[j + lane] = T(products[lane]);
            dshift[j + lane] = T(total[lane]);
        }
    }
}

// dz -> dx in place, through the batch's mean and variance too:
// dx = scale / sd (dz - dshift / rows - x_hat dscale / rows).
template <class T>
static void through_normalisation(T* d, const T* x_hat, std::ptrdiff_t row, int rows, int columns, const T* scale,
                                  const T* inverse_sd, const T* dscale, const T* dshift, std::size_t all_rows) {
    const T share = T(1) / T(all_rows);
    for (int i = 0; i < rows; ++i) {
        T* __restrict mine = d + i * row;
        const T* __restrict hat = x_hat + i * row;
        for (int j = 0; j < columns; ++j)
            mine[j] = scale[j] * inverse_sd[j] * (mine[j] - share * (dshift[j] + hat[j] * dscale[j]));
    }
}

template <class T>
struct Normalisation : LayerOf<T> {
    static std::size_t row(const Layer& layer) { return padded(layer.columns); }
    using LayerOf<T>::pass, LayerOf<T>::l, LayerOf<T>::task, LayerOf<T>::layer, LayerOf<T>::stage, LayerOf<T>::batch;
    static constexpr int NORMALISING = 8;  // a pass over one number takes as long as so many multiplications

    void lay_out(Memory<T>& memory) const {
        const int width = padded(layer.out);
        const std::size_t numbers = std::size_t(task.batch) * width;
        T *y = memory.take(numbers), *slope = memory.take(numbers), *x_hat = memory.take(numbers);
        pass.stages[l] = {y, slope, x_hat, memory.take(width), width};
        if (by_channel()) pass.stages[l].sums = memory.template take_as<double>(2 * CHUNKS * padded(layer.columns));
    }

    std::size_t work() const { return std::size_t(batch) * stage.width * NORMALISING; }

    // While learning, by the batch's own mean and variance, which go into the running ones; else by those.
    void forward() const {
        if (by_channel()) return forward_maps();
        const bool learning = pass.learning;
        const T* input = pass.input_of(l);
        const T *scale = task.params + layer.weights, *shift = task.params + layer.biases;
        T *running_mean = task.statistics + layer.statistics, *running_variance = running_mean + stage.width;
        T *mean = learning ? pass.scratch : running_mean;
        T *variance = learning ? pass.scratch + pass.wide : running_variance;
        pass.together(work(), [&](int worker, int workers) {
            int from, to;
            pass.share(stage.width, worker, workers, &from, &to);
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
        pass.apply_softmax(l);
    }

    void backward(const Step<T>& step) const {
        if (by_channel()) return backward_maps(step);
        pass.together(work(), [&](int worker, int workers) {
            int from, to;
            pass.share(stage.width, worker, workers, &from, &to);
            const int n = to - from;
            const T* x_hat = stage.x_hat + from;
            T* dy = pass.dy + from;
            T *scale = task.params + layer.weights + from, *shift = task.params + layer.biases + from;
            T *dscale = pass.scratch + from, *dshift = pass.scratch + pass.wide + from;
            scale_and_shift_gradients(dy, x_hat, stage.width, batch, n, dscale, dshift);
            through_normalisation(dy, x_hat, stage.width, batch, n, scale, stage.inverse_sd + from, dscale, dshift,
                                  batch);
            if (step.update.clip_norm > 0) {
                std::memcpy(pass.gradient + layer.weights + from, dscale, n * sizeof(T));
                std::memcpy(pass.gradient + layer.biases + from, dshift, n * sizeof(T));
                return;
            }
            apply(step, false, dscale, scale, pass.state(task.first, layer.weights, 0, 0, from),
                  pass.state(task.second, layer.weights, 0, 0, from), n);
            apply(step, false, dshift, shift, pass.state(task.first, layer.biases, 0, 0, from),
                  pass.state(task.second, layer.biases, 0, 0, from), n);
        });
        pass.is_dz = false;
    }

    // ---- maps, all pixels of a channel together: workers share the examples, in chunks that do not depend on them.

    static constexpr int CHUNKS = 8;
    bool by_channel() const { return layer.columns != layer.out; }

    // job(the first number of the pixel, chunk) for all pixels of the batch.
    template <class Job>
    void for_each_pixel(Job job) const {
        pass.together(work(), [&](int worker, int workers) {
            for (int chunk = CHUNKS * worker / workers; chunk < CHUNKS * (worker + 1) / workers; ++chunk) {
                const int stop = int(std::int64_t(batch) * (chunk + 1) / CHUNKS);
                for (int i = int(std::int64_t(batch) * chunk / CHUNKS); i < stop; ++i)
                    for (int p = 0; p < layer.out; p += layer.columns) job(std::size_t(i) * stage.width + p, chunk);
            }
        });
    }

    // found[channel] = the sum over all pixels of term(place, channel), a double; and of a second one.
    template <class First, class Second>
    void sums(double* first, double* second, First first_term, Second second_term) const {
        const int channels = layer.columns, room = padded(channels);
        double* all = stage.sums;
        for (int at = 0; at < 2 * CHUNKS * room; ++at) all[at] = 0;
        for_each_pixel([&](std::size_t at, int chunk) {
            double *__restrict mine = all + chunk * room, *__restrict other = mine + CHUNKS * room;
            for (int j = 0; j < channels; ++j) mine[j] += first_term(at, j);
            if (second)
                for (int j = 0; j < channels; ++j) other[j] += second_term(at, j);
        });
        for (int chunk = 1; chunk < CHUNKS; ++chunk)
            for (int j = 0; j < channels; ++j) {
                all[j] += all[chunk * room + j];
                all[CHUNKS * room + j] += all[(CHUNKS + chunk) * room + j];
            }
        for (int j = 0; j < channels; ++j) {
            first[j] = all[j];
            if (second) second[j] = all[CHUNKS * room + j];
        }
    }

    void forward_maps() const {
        const int channels = layer.columns, room = padded(channels);
        const std::size_t rows = std::size_t(batch) * (layer.out / channels);
        const T* input = pass.input_of(l);
        const T *scale = task.params + layer.weights, *shift = task.params + layer.biases;
        T *running_mean = task.statistics + layer.statistics, *running_variance = running_mean + room;
        T *mean = running_mean, *variance = running_variance;
        if (pass.learning) {
            mean = pass.scratch, variance = pass.scratch + pass.wide;
            double *middle = stage.sums, *squares = stage.sums + CHUNKS * room;
            sums(middle, nullptr, [&](std::size_t at, int j) { return double(input[at + j]); },
                 [](std::size_t, int) { return 0.0; });
            for (int j = 0; j < channels; ++j) mean[j] = T(middle[j] / rows);
            sums(squares, nullptr,
                 [&](std::size_t at, int j) {
                     const double away = double(input[at + j]) - double(mean[j]);
                     return away * away;
                 },
                 [](std::size_t, int) { return 0.0; });
            for (int j = 0; j < channels; ++j) variance[j] = T(squares[j] / rows);
            blend_in(T(layer.strength), rows, channels, mean, variance, running_mean, running_variance);
        }
        for (int j = 0; j < channels; ++j) stage.inverse_sd[j] = T(1) / std::sqrt(variance[j] + T(layer.epsilon));
        for_each_pixel([&](std::size_t at, int) {
            T *__restrict x_hat = stage.x_hat + at, *__restrict y = stage.y + at;
            for (int j = 0; j < channels; ++j) {
                x_hat[j] = (input[at + j] - mean[j]) * stage.inverse_sd[j];
                y[j] = scale[j] * x_hat[j] + shift[j];
            }
        });
        pass.together(work(), [&](int worker, int workers) {
            for (int i = worker; i < batch; i += workers) {
                const std::size_t at = std::size_t(i) * stage.width;
                activate(layer.activation, stage.y + at, stage.slope + at, layer.out);
            }
        });
        pass.apply_softmax(l);
    }

    void backward_maps(const Step<T>& step) const {
        const int channels = layer.columns, room = padded(channels);
        const std::size_t rows = std::size_t(batch) * (layer.out / channels);
        T *scale = task.params + layer.weights, *shift = task.params + layer.biases;
        T *dscale = pass.scratch, *dshift = pass.scratch + pass.wide, *dy = pass.dy;
        const T* x_hat = stage.x_hat;
        sums(stage.sums, stage.sums + CHUNKS * room,
             [&](std::size_t at, int j) { return double(dy[at + j]) * double(x_hat[at + j]); },
             [&](std::size_t at, int j) { return double(dy[at + j]); });
        for (int j = 0; j < channels; ++j) {
            dscale[j] = T(stage.sums[j]);
            dshift[j] = T(stage.sums[CHUNKS * room + j]);
        }
        for (int j = channels; j < room; ++j) dscale[j] = dshift[j] = 0;
        for_each_pixel([&](std::size_t at, int) {
            through_normalisation(dy + at, x_hat + at, 0, 1, channels, scale, stage.inverse_sd, dscale, dshift, rows);
        });
        learn(step, dscale, scale, layer.weights, room);
        learn(step, dshift, shift, layer.biases, room);
        pass.is_dz = false;
    }

    void learn(const Step<T>& step, T* g, T* w, std::size_t at, int n) const {
        if (step.update.clip_norm > 0)
            std::memcpy(pass.gradient + at, g, n * sizeof(T));
        else
            apply(step, false, g, w, pass.state(task.first, at, 0, 0, 0), pass.state(task.second, at, 0, 0, 0), n);
    }
};

}  // namespace whynet::ISA
