// Fully connected layers, whose inputs may be sparse images.
#pragma once

#include "../matrix.hpp"
#include "../pass.hpp"

namespace whynet::ISA {

constexpr int NARROW = 64;  // up to so many units, sparse gradients are scattered row by row
constexpr int FEW = 32;     // up to so many units, a weight matrix is transposed for the way back
constexpr int BLOCK = 8;    // rows of a weight matrix whose gradient is worked out at a time
constexpr int SPAN = 128;   // columns of it at a time
// Layers from LARGE x LARGE on, and batches of LARGE_BATCH, are BLAS's, cut into pieces that do not depend on threads.
constexpr int LARGE = 128, LARGE_BATCH = 16, LARGE_ROWS = 128, LARGE_COLUMNS = 640;

// Columns of a piece: 2, 4, 8 ... of the same size, as 2 or 4 threads share them, and as large as LARGE_COLUMNS allows:
// BLAS copies what it is handed into an order of its own, for small pieces often.
static inline int large_piece(int width) {
    int pieces = 2;
    while (width > pieces * LARGE_COLUMNS) pieces *= 2;
    return padded((width + pieces - 1) / pieces);
}

template <class T>
struct Dense : LayerOf<T> {
    static constexpr bool READS_SPARSE = true;
    static std::size_t row(const Layer& layer) { return largest(padded(layer.in), padded(layer.out)); }
    using LayerOf<T>::pass, LayerOf<T>::l, LayerOf<T>::task, LayerOf<T>::layer, LayerOf<T>::stage, LayerOf<T>::batch;

    void lay_out(Memory<T>& memory) const {
        const int width = padded(layer.out);
        T* y = memory.take(std::size_t(task.batch) * width);
        pass.stages[l] = {y, memory.take(std::size_t(task.batch) * width), nullptr, nullptr, width};
    }

    bool sparse() const { return l == 0 && pass.images.on; }

    std::size_t work() const {
        const std::size_t inputs = sparse() ? pass.images.row_starts[batch] : std::size_t(batch) * layer.in;
        return inputs * stage.width;
    }

    bool large() const {
        return task.gemm && !sparse() && task.batch >= LARGE_BATCH && layer.in >= LARGE && layer.out >= LARGE;
    }

    int piece_of(int width) const { return large() ? large_piece(width) : LANES; }

    void forward() const {
        const T* W = task.params + layer.weights;
        const T* b = task.params + layer.biases;
        pass.together(work(), [&](int worker, int workers) {
            int from, to;
            const int piece = piece_of(stage.width);
            pass.share(stage.width, worker, workers, &from, &to, piece);
            if (from == to) return;
            if (sparse()) {
                forward_images(W, b, from, to, worker);
            } else {
                const T* input = pass.input_of(l);
                const int width = pass.input_width(l);
                if (large())
                    for (int part = from; part < to; part += piece)
                        multiply_large(task.gemm, false, input, width, false, W + part, stage.width, batch, layer.in,
                                       smallest(piece, to - part), stage.y + part, stage.width);
                else
                    multiply(input, width, 1, W + from, stage.width, batch, layer.in, to - from, stage.y + from,
                             stage.width, pass.packed + pass.packed_size * worker);
                for (int i = 0; i < batch; ++i)
                    for (int j = from; j < to; ++j) stage.y[std::size_t(i) * stage.width + j] += b[j];
            }
            for (int i = 0; i < batch; ++i)
                activate(layer.activation, stage.y + std::size_t(i) * stage.width + from,
                         stage.slope + std::size_t(i) * stage.width + from, to - from);
        });
        pass.apply_softmax(l);
    }

    // x = offset + values: the offset's part is the same for every image.
    void forward_images(const T* W, const T* b, int from, int to, int worker) const {
        const T offset = pass.images.offset;
        T* scratch = pass.scratch;
        T* start = scratch + from;
        for (int j = from; j < to; ++j) scratch[j] = b[j];
        if (offset != 0)
            for (int p = 0; p < layer.in; ++p)
                for (int j = from; j < to; ++j) scratch[j] += offset * W[std::size_t(p) * stage.width + j];
        T* y = stage.y + from;
        auto row_of = [this](int i) { return pass.images.row_of(i); };
        if (stage.width <= NARROW)
            for (int i = 0; i < batch; ++i)
                multiply_sparse<4>(start, row_of(i), W + from, stage.width, to - from, y + std::size_t(i) * stage.width);
        else
            multiply_images(start, row_of, batch, layer.in, W + from, stage.width, to - from, y, stage.width,
                            pass.images.rows_read + batch * worker);
    }

    void backward(const Step<T>& step) const {
        if (l > 0) {
            gradient_of_inputs();
            const int width = pass.stages[l - 1].width;
            for (int i = 0; i < batch; ++i)
                for (int j = layer.in; j < width; ++j) pass.dx[std::size_t(i) * width + j] = 0;
        }
        pass.together(work(), [&](int worker, int workers) {
            int from, to;
            const int piece = piece_of(stage.width), span_size = large() ? piece : SPAN;
            pass.share(stage.width, worker, workers, &from, &to, piece);
            if (sparse() && stage.width > NARROW && from < to)
                pass.images.transpose(pass.images.columns_of(worker), layer.in, batch);
            for (int span = from; span < to; span += span_size)
                weight_gradient(step, span, smallest(span + span_size, to), worker);
        });
        T* swapped = pass.dy;
        pass.dy = pass.dx;
        pass.dx = swapped;
        pass.is_dz = true;
    }

    // Times the slope of the layer below, while it is at hand.
    void gradient_of_inputs() const {
        const T *W = task.params + layer.weights, *dy = pass.dy;
        T* dx = pass.dx;
        const int width = pass.stages[l - 1].width;
        const std::size_t worth = largest(work(), work_of(pass, l - 1));  // they go on with the same columns
        pass.together(worth, [&](int worker, int workers) {
            int from, to;
            const int piece = piece_of(width);
            pass.share(width, worker, workers, &from, &to, piece);
            const int n = to - from, rows = smallest(to, layer.in) - from;
            const T* mine = W + std::size_t(from) * stage.width;
            if (rows <= 0) return;
            if (large()) {
                for (int part = 0; part < rows; part += piece)
                    multiply_large(task.gemm, false, dy, stage.width, true, mine + std::size_t(part) * stage.width,
                                   stage.width, batch, stage.width, smallest(piece, rows - part), dx + from + part,
                                   width);
                pass.multiply_by_slope(l - 1, dx, from, from + rows);
                return;
            }
            if (layer.out > FEW) {
                multiply_transposed(dy, stage.width, mine, stage.width, batch, rows, stage.width, dx + from, width);
                pass.multiply_by_slope(l - 1, dx, from, from + rows);
                return;
            }
            T* turned = pass.packed + pass.packed_size * worker;  // W transposed: dot products of a few numbers are slow
            transpose(mine, stage.width, rows, stage.width, turned, n);
            multiply<T>(dy, stage.width, 1, turned, n, batch, layer.out, n, dx + from, width, nullptr);
            pass.multiply_by_slope(l - 1, dx, from, to);
        });
    }

    // Gradient and update of the columns `from` to `to`, at most SPAN of them unless the layer is large.
    void weight_gradient(const Step<T>& step, int from, int to, int worker) const {
        const int n = to - from, width = stage.width;
        T* W = task.params + layer.weights + from;
        const T* dz = pass.dy + from;
        const bool keep = step.update.clip_norm > 0;
        T* total = pass.scratch + from;  // the column sums of dz: the gradient of the biases
        for (int j = 0; j < n; ++j) total[j] = 0;
        for (int i = 0; i < batch; ++i)
            for (int j = 0; j < n; ++j) total[j] += dz[std::size_t(i) * width + j];

        T* block = pass.blocks + pass.block_size * worker;
        auto update_rows = [&](int k, int count, T* g, std::size_t g_row) {
            if (keep) return;
            for (int r = 0; r < count; ++r)
                apply(step, true, g + r * g_row, W + std::size_t(k + r) * width,
                      pass.state(task.first, layer.weights, k + r, width, from),
                      pass.state(task.second, layer.weights, k + r, width, from), n);
        };
        T* whole = pass.gradient + layer.weights + from;
        if (sparse() && width <= NARROW) {
            scatter_images(step, from, n, total, whole, update_rows);
        } else if (sparse()) {
            const auto columns = pass.images.columns_of(worker);
            std::uint8_t* moved = pass.images.moved;
            const T offset = pass.images.offset;
            T* start = pass.scratch + pass.wide + from;
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
            const T* input = pass.input_of(l);
            const int input_width = pass.input_width(l);
            T* near = pass.packed + pass.packed_size * worker;  // these columns of dz in one piece, for all rows of W
            for (int i = 0; i < batch && !large(); ++i)
                for (int j = 0; j < n; ++j) near[std::size_t(i) * n + j] = dz[std::size_t(i) * width + j];
            auto product = [&](int k, int count, T* g, int g_row, auto putting) {
                if (large())
                    multiply_large(task.gemm, true, input + k, input_width, false, dz, width, count, batch, n, g, g_row,
                                   putting);
                else
                    multiply<T>(input + k, 1, input_width, near, n, count, batch, n, g, g_row, nullptr, putting);
            };
            const int piece = step.plain ? layer.in : large() ? LARGE_ROWS : BLOCK;
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
            for (int j = 0; j < n; ++j) pass.gradient[layer.biases + from + j] = total[j];
        else
            apply(step, false, total, task.params + layer.biases + from,
                  pass.state(task.first, layer.biases, 0, 0, from), pass.state(task.second, layer.biases, 0, 0, from),
                  n);
    }

    // For few units: each image adds to the gradient's rows where it has ink. Under plain SGD they go straight into the
    // weights.
    template <class Rows>
    void scatter_images(const Step<T>& step, int from, int n, const T* total, T* whole, Rows update_rows) const {
        const int width = padded(layer.out);
        const T offset = pass.images.offset;
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
    void scatter_columns(int width, int from, T factor, T* into) const {
        constexpr int V = COLUMNS / WIDTH<T>;
        for (int i = 0; i < batch; ++i) {
            Vec<T> dz[V];
            for (int v = 0; v < V; ++v) dz[v] = factor * load(pass.dy + std::size_t(i) * width + from + v * WIDTH<T>);
            scatter<V>(pass.images.row_of(i), dz, into, width);
        }
    }
};

}  // namespace whynet::ISA
