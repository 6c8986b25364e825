// Convolutions (cross-correlations) over maps with channels last. Each example goes through by itself, while its maps are
// in the cache. Windows are never copied out: an output's is `kernel_rows` pieces of a map's rows, each `kernel_columns *
// channels` numbers that lie side by side, and meets the rows of W in their order.
#pragma once

#include "../pass.hpp"
#include "../windows.hpp"

namespace whynet::ISA {

template <class T>
struct Convolution : LayerOf<T> {
    static constexpr bool BY_ROW = true;
    static std::size_t row(const Layer& layer) { return padded(layer.columns); }
    // Sums of the gradient over the batch are taken chunk by chunk: as many as there is room for.
    static int chunks(const Layer& layer) {
        const std::size_t numbers = std::size_t(layer.rows) * padded(layer.columns);
        return numbers <= 1 << 16 ? 8 : numbers <= 1 << 18 ? 4 : 2;
    }
    using LayerOf<T>::pass, LayerOf<T>::l, LayerOf<T>::task, LayerOf<T>::layer, LayerOf<T>::stage, LayerOf<T>::batch;

    static constexpr int R = TILE_ROWS;
    const Window& window = layer.window;
    const int filters = layer.columns, width = padded(filters);         // of W and the biases
    const int vectors = (filters + WIDTH<T> - 1) / WIDTH<T> * WIDTH<T>;  // of what is computed of them
    const int pixels = window.out_rows * window.out_columns;
    const int length = window.kernel_columns * window.channels;  // of a piece of a window
    const int strip_width = padded(length);  // of what the outputs hand back to a row of their windows
    const std::ptrdiff_t map_row = std::ptrdiff_t(window.all_columns()) * window.channels;
    const std::size_t map_size = std::size_t(window.all_rows()) * map_row;
    const std::size_t partial_size = std::size_t(layer.rows) * width;
    const std::ptrdiff_t across = std::ptrdiff_t(window.across) * window.channels, down = window.down * map_row;

    void lay_out(Memory<T>& memory) const {
        const int units = padded(layer.out);
        const std::size_t workers = task.workers, learning = task.size > 0, inner = learning && l > 0;
        Stage<T> mine{};
        mine.width = units;
        mine.y = memory.take(std::size_t(task.batch) * units);
        if (!slope_follows_from_output(layer.activation)) mine.slope = memory.take(std::size_t(task.batch) * units);
        if (window.pads()) mine.map = memory.take(room(map_size) * workers);
        mine.partial = memory.take(learning * partial_size * chunks(layer));
        mine.dz = memory.take(learning * room(std::size_t(pixels) * vectors) * workers);
        mine.turned = memory.take(inner * window.kernel_rows * width * strip_width);
        mine.dx = memory.take(inner * room(layer.in) * workers);
        mine.dmap = memory.take(inner * window.pads() * room(map_size) * workers);
        mine.strip = memory.take(inner * room(std::size_t(window.out_columns) * strip_width) * workers);
        pass.stages[l] = mine;
    }
    static std::size_t room(std::size_t numbers) { return (numbers + 3 * LANES - 1) / LANES * LANES; }

    std::size_t work() const { return std::size_t(batch) * pixels * layer.weight_rows * width; }

    // The map that windows slide over: the inputs, with zeros around them where the layer pads.
    const T* map_of(int i, int worker) const {
        const T* inputs = pass.input_of(l) + std::size_t(i) * pass.input_width(l);
        if (!window.pads()) return inputs;
        T* map = stage.map + room(map_size) * worker;  // its border has been 0 since it was laid out
        const std::size_t row = std::size_t(window.columns) * window.channels;
        for (int r = 0; r < window.rows; ++r)
            std::memcpy(map + (r + window.top) * map_row + window.left * window.channels, inputs + r * row,
                        row * sizeof(T));
        return map;
    }

    // Where in the map the window of an output lies.
    const T* window_at(const T* map, int pixel) const {
        return map + pixel / window.out_columns * down + pixel % window.out_columns * across;
    }

    void forward_row(int i, int worker) const {
        const T* map = map_of(i, worker);
        T* y = stage.y + std::size_t(i) * stage.width;
        const T *W = task.params + layer.weights, *b = task.params + layer.biases;
        const Reading reading{window.kernel_rows, map_row, length, 1};
        for (int j = 0; j < vectors; j += 2 * WIDTH<T>)
            for (int p = 0; p < pixels; p += R) {
                const T* left[R];
                for (int r = 0; r < R; ++r) left[r] = window_at(map, smallest(p + r, pixels - 1));
                const int count = smallest(R, pixels - p);
                T* c = y + std::size_t(p) * filters + j;
                if (vectors - j > WIDTH<T>)
                    put_windows<T, R, 2>(left, count, reading, W + j, width, b + j, c, filters, filters - j);
                else
                    put_windows<T, R, 1>(left, count, reading, W + j, width, b + j, c, filters, filters - j);
            }
        if (pass.mixes_units(l))
            softmax(y, y, layer.out);
        else if (stage.slope)
            activate(layer.activation, y, stage.slope + std::size_t(i) * stage.width, layer.out);
        else
            activate(layer.activation, y, layer.out);
    }

    // W turned round, piece by piece: of each row of the kernel (filters, length).
    void before_backward() const {
        if (l == 0) return;
        pass.together(std::size_t(layer.weight_rows) * width, [&](int worker, int workers) {
            const int to = window.kernel_rows * (worker + 1) / workers;
            for (int k = window.kernel_rows * worker / workers; k < to; ++k)
                transpose(task.params + layer.weights + std::size_t(k) * length * width, width, length, width,
                          stage.turned + std::size_t(k) * width * strip_width, strip_width);
        });
    }

    T* backward_row(T* d, int i, bool first, int chunk, int worker) const {
        if (!stage.slope)
            multiply_by_slope_at(layer.activation, stage.y + std::size_t(i) * stage.width, d, layer.out);
        T* partial = stage.partial + partial_size * chunk;
        if (first) std::memset(partial, 0, partial_size * sizeof(T));
        const T* dz = in_whole_vectors(d, worker);
        bias_gradient(dz, partial + std::size_t(layer.weight_rows) * width);
        weight_gradient(map_of(i, worker), dz, partial);
        return l > 0 ? gradient_of_inputs(dz, worker) : d;
    }

    const T* in_whole_vectors(const T* d, int worker) const {
        if (filters == vectors) return d;
        T* dz = stage.dz + room(std::size_t(pixels) * vectors) * worker;
        for (int p = 0; p < pixels; ++p) {
            for (int j = 0; j < filters; ++j) dz[std::size_t(p) * vectors + j] = d[std::size_t(p) * filters + j];
            for (int j = filters; j < vectors; ++j) dz[std::size_t(p) * vectors + j] = 0;
        }
        return dz;
    }

    void bias_gradient(const T* dz, T* total) const {
        for (int j = 0; j < vectors; j += WIDTH<T>) {
            Vec<T> sums[4] = {};
            int p = 0;
            for (; p + 4 <= pixels; p += 4)
                for (int q = 0; q < 4; ++q) sums[q] += load(dz + std::size_t(p + q) * vectors + j);
            for (; p < pixels; ++p) sums[0] += load(dz + std::size_t(p) * vectors + j);
            store(total + j, load(total + j) + ((sums[0] + sums[1]) + (sums[2] + sums[3])));
        }
    }

    // partial += sum over the outputs of their windows times dz. As many rows of outputs at a time as stay in the first
    // cache, for all rows of W.
    void weight_gradient(const T* map, const T* dz, T* partial) const {
        constexpr std::size_t NEAR = 16384;
        const int rows = int(largest<std::size_t>(1, NEAR / (std::size_t(window.out_columns) * vectors * sizeof(T))));
        for (int from = 0; from < window.out_rows; from += rows) {
            const Reading reading{smallest(rows, window.out_rows - from), down, window.out_columns, across};
            const T *here = map + from * down, *right = dz + std::size_t(from) * window.out_columns * vectors;
            for (int j = 0; j < vectors; j += 2 * WIDTH<T>)
                for (int k = 0; k < layer.weight_rows;) {
                    const int left_over = layer.weight_rows - k;  // R + 1 at once rather than one alone
                    const int count = left_over == R + 1 ? R + 1 : left_over >= R ? R : left_over >= 2 ? 2 : 1;
                    const T* left[R + 1];
                    for (int r = 0; r < count; ++r) left[r] = here + (k + r) / length * map_row + (k + r) % length;
                    T* c = partial + std::size_t(k) * width + j;
                    const bool two = vectors - j > WIDTH<T>;
                    if (count == R + 1)
                        two ? gather_windows<T, R + 1, 2>(left, reading, right + j, vectors, c, width)
                            : gather_windows<T, R + 1, 1>(left, reading, right + j, vectors, c, width);
                    else if (count == R)
                        two ? gather_windows<T, R, 2>(left, reading, right + j, vectors, c, width)
                            : gather_windows<T, R, 1>(left, reading, right + j, vectors, c, width);
                    else if (count == 2)
                        two ? gather_windows<T, 2, 2>(left, reading, right + j, vectors, c, width)
                            : gather_windows<T, 2, 1>(left, reading, right + j, vectors, c, width);
                    else
                        two ? gather_windows<T, 1, 2>(left, reading, right + j, vectors, c, width)
                            : gather_windows<T, 1, 1>(left, reading, right + j, vectors, c, width);
                    k += count;
                }
        }
    }

    // Row by row of the map: all outputs whose windows reach the row hand back dz W^T, pixel by pixel of their own rows
    // (a strip); then each piece goes where it lies.
    T* gradient_of_inputs(const T* dz, int worker) const {
        T* dx = stage.dx + room(layer.in) * worker;
        T* map = window.pads() ? stage.dmap + room(map_size) * worker : dx;
        std::memset(map, 0, map_size * sizeof(T));
        T* strip = stage.strip + room(std::size_t(window.out_columns) * strip_width) * worker;
        const std::ptrdiff_t dz_row = std::ptrdiff_t(window.out_columns) * vectors;
        for (int m = 0; m < window.all_rows(); ++m) {
            // The row m of the map is row k of the window of the outputs in the row (m - k) / down.
            const int highest = smallest(m / window.down, window.out_rows - 1), k = m - highest * window.down;
            if (k >= window.kernel_rows) continue;
            const int pieces = smallest(highest, (window.kernel_rows - 1 - k) / window.down) + 1;
            const Reading reading{pieces, -dz_row, filters, 1, std::ptrdiff_t(window.down) * width - filters};
            const T *W = stage.turned + std::size_t(k) * width * strip_width, *from = dz + highest * dz_row;
            for (int j = 0; j < length; j += 2 * WIDTH<T>)
                for (int p = 0; p < window.out_columns; p += R) {
                    const T* left[R];
                    for (int r = 0; r < R; ++r)
                        left[r] = from + std::size_t(smallest(p + r, window.out_columns - 1)) * vectors;
                    const int count = smallest(R, window.out_columns - p);
                    T* c = strip + std::size_t(p) * strip_width + j;
                    if (length - j > WIDTH<T>)
                        put_windows<T, R, 2>(left, count, reading, W + j, strip_width, nullptr, c, strip_width,
                                             2 * WIDTH<T>);
                    else
                        put_windows<T, R, 1>(left, count, reading, W + j, strip_width, nullptr, c, strip_width,
                                             WIDTH<T>);
                }
            add_strip(strip, map + m * map_row);
        }
        if (!window.pads()) return dx;
        const std::size_t row = std::size_t(window.columns) * window.channels;
        for (int r = 0; r < window.rows; ++r)
            std::memcpy(dx + r * row, map + (r + window.top) * map_row + window.left * window.channels,
                        row * sizeof(T));
        return dx;
    }

    void add_strip(const T* strip, T* row) const {
        constexpr int W = WIDTH<T>;
        if (window.channels % W == 0) return add_strip_by<W>(strip, row);
        if (window.channels % (W / 2) == 0) return add_strip_by<W / 2>(strip, row);
        for (int p = 0; p < window.out_columns; ++p)
            for (int j = 0; j < length; ++j) row[p * across + j] += strip[std::size_t(p) * strip_width + j];
    }

    // L numbers at a time. Each lies within what one instruction stored: waiting for several would cost a dozen cycles.
    template <int L>
    void add_strip_by(const T* __restrict strip, T* __restrict row) const {
        for (int p = 0; p < window.out_columns; ++p)
            for (int j = 0; j < length; j += L) {
                T* to = row + p * across + j;
                const T* from = strip + std::size_t(p) * strip_width + j;
                for (int lane = 0; lane < L; ++lane) to[lane] += from[lane];
            }
    }

    void update(const Step<T>& step, int used) const {
        pass.together(partial_size * (used + 8), [&](int worker, int workers) {
            const int from = int(std::int64_t(layer.rows) * worker / workers);
            const int to = int(std::int64_t(layer.rows) * (worker + 1) / workers);
            const std::size_t start = std::size_t(from) * width, n = std::size_t(to - from) * width;
            T* total = stage.partial + start;
            for (int chunk = 1; chunk < used; ++chunk) {
                const T* more = total + partial_size * chunk;
                for (std::size_t j = 0; j < n; ++j) total[j] += more[j];
            }
            if (step.update.clip_norm > 0) {
                std::memcpy(pass.gradient + layer.weights + start, total, n * sizeof(T));
                return;
            }
            for (int k = from; k < to; ++k) {
                const std::size_t at = layer.weights + std::size_t(k) * width;
                apply(step, k < layer.weight_rows, stage.partial + std::size_t(k) * width, task.params + at,
                      pass.state(task.first, at, 0, 0, 0), pass.state(task.second, at, 0, 0, 0), width);
            }
        });
    }
};

}  // namespace whynet::ISA
