// Sparse vectors and images, and the products that skip what is 0 in them.
#pragma once

#include "task.hpp"
#include "vec.hpp"

namespace whynet::ISA {

// Sparse vectors: `count` terms, each the place of a number that is not 0, and its value; next() reads them
// one after another.
template <class T>
struct Term {
    std::ptrdiff_t place;
    T value;
};
template <class T>
struct Terms {
    const std::int32_t* places;
    const T* values;
    int count;
    Term<T> next() { return {*places++, *values++}; }
};
template <class T>
struct Inked {  // an image
    const Mark* marks;
    int count;
    const T* lookup;  // the value of a pixel with so much ink
    std::ptrdiff_t place = 0;
    Term<T> next() {
        const Mark mark = *marks++;
        place += mark.gap;
        return {place, lookup[mark.ink]};
    }
};

// c (N vectors) = start + sum of value * row `place` of B. Neighbouring terms go to different sums (P of them), which
// would else wait for each other; these are added in the end.
template <int N, int P, class T, class Sparse>
static inline void gather(const T* start, Sparse x, const T* b, std::ptrdiff_t b_row, T* c) {
    Vec<T> total[P][N] = {};
    for (int v = 0; v < N; ++v) total[0][v] = load(start + v * WIDTH<T>);
    int s = 0;
    for (; s + P <= x.count; s += P)
        for (int p = 0; p < P; ++p) {
            const Term<T> term = x.next();
            for (int v = 0; v < N; ++v) total[p][v] += term.value * load(b + term.place * b_row + v * WIDTH<T>);
        }
    for (; s < x.count; ++s) {
        const Term<T> term = x.next();
        for (int v = 0; v < N; ++v) total[0][v] += term.value * load(b + term.place * b_row + v * WIDTH<T>);
    }
    for (int p = 1; p < P; ++p)
        for (int v = 0; v < N; ++v) total[0][v] += total[p][v];
    for (int v = 0; v < N; ++v) store(c + v * WIDTH<T>, total[0][v]);
}

// c (columns) = start + x B for a sparse x; columns is a multiple of LANES: N vectors at a time, then the rest. Few
// columns need P > 1 sums to keep the processor busy; P must not depend on how many of a layer's columns this call is
// about, else threads changed the bits.
template <int P, int N = P == 1 ? 8 : 2, class T, class Sparse>
static void multiply_sparse(const T* start, Sparse x, const T* b, std::ptrdiff_t b_row, int columns, T* c) {
    int j = 0;
    for (; j + N * WIDTH<T> <= columns; j += N * WIDTH<T>) gather<N, P>(start + j, x, b + j, b_row, c + j);
    if constexpr (N > 1)
        if (j < columns) multiply_sparse<P, N - 1>(start + j, x, b + j, b_row, columns - j, c + j);
}

constexpr int BAND = 96;

// C (images, columns) = start + X B, the images being sparse rows of X. B is used in blocks of BAND rows and N vectors,
// by all images before the next block, as a block fits into the first caches; `rows` keeps how far each image was read.
template <int N = 8, class T, class RowOf>
static void multiply_images(const T* start, RowOf row_of, int images, int inner, const T* b, std::ptrdiff_t b_row,
                            int columns, T* c, std::ptrdiff_t c_row, Inked<T>* rows) {
    int j = 0;
    for (; j + N * WIDTH<T> <= columns; j += N * WIDTH<T>) {
        for (int i = 0; i < images; ++i) {
            rows[i] = row_of(i);
            for (int v = 0; v < N; ++v) store(c + i * c_row + j + v * WIDTH<T>, load(start + j + v * WIDTH<T>));
        }
        for (int end = BAND; end - BAND < inner; end += BAND)
            for (int i = 0; i < images; ++i) {
                T* sums = c + i * c_row + j;
                Inked<T> row = rows[i];
                Vec<T> total[N];
                for (int v = 0; v < N; ++v) total[v] = load(sums + v * WIDTH<T>);
                for (; row.count > 0 && row.place + row.marks->gap < end; --row.count) {
                    const Term<T> term = row.next();
                    const T* right = b + term.place * b_row + j;
                    for (int v = 0; v < N; ++v) total[v] += term.value * load(right + v * WIDTH<T>);
                }
                for (int v = 0; v < N; ++v) store(sums + v * WIDTH<T>, total[v]);
                rows[i] = row;
            }
    }
    if constexpr (N > 1)
        if (j < columns)
            multiply_images<N - 1>(start + j, row_of, images, inner, b + j, b_row, columns - j, c + j, c_row, rows);
}

// The rows `place` of B, N vectors each, += value * right. A function of its own keeps the loop in registers.
template <int N, class T, class Sparse>
__attribute__((noinline)) static void scatter(Sparse x, const Vec<T>* right, T* b, std::ptrdiff_t b_row) {
    Vec<T> mine[N];
    for (int v = 0; v < N; ++v) mine[v] = right[v];
    for (int s = 0; s < x.count; ++s) {
        const Term<T> term = x.next();
        T* row = b + term.place * b_row;
        for (int v = 0; v < N; ++v) store(row + v * WIDTH<T>, load(row + v * WIDTH<T>) + term.value * mine[v]);
    }
}

// A batch of images as sparse rows, their values being those above what a pixel of 0 becomes.
template <class T>
struct SparseBatch {
    bool on = false;  // whether the images are taken so
    T offset;         // what a pixel of 0 becomes
    T lookup[256];    // a pixel's value above that
    std::int32_t* row_starts;
    const Mark** row_marks;
    Inked<T>* rows_read;  // for each worker, the batch's images as far as they have been read
    std::uint8_t* moved;  // (inputs,): whether the optimizer remembers anything but 0 of a pixel's weights
    struct Columns {      // transposed: sorted by pixel. Each worker has its own, which is cheaper than sending it over
        T* values;
        std::int32_t *starts, *rows;
    };
    T* column_values;
    std::int32_t *column_starts, *column_rows;
    std::size_t column_size, starts_size;

    template <class Memory>
    void lay_out(Memory& memory, const Task<T>& task) {
        const std::size_t batch = task.batch, in = padded(task.layers[0].in), workers = task.workers;
        column_size = batch * in;
        starts_size = in + 2 * LANES;
        column_values = memory.take(column_size * workers);
        rows_read = memory.template take_as<Inked<T>>(batch * workers);
        row_marks = memory.template take_as<const Mark*>(batch);
        moved = memory.template take_as<std::uint8_t>(in);
        column_rows = memory.template take_as<std::int32_t>(column_size * workers);
        row_starts = memory.template take_as<std::int32_t>(batch + 1);
        column_starts = memory.template take_as<std::int32_t>(starts_size * workers);
    }

    void begin(const Task<T>& task) {
        offset = task.table ? task.table[0] : T(0);
        if (!task.table) return;
        for (int pixel = 0; pixel < 256; ++pixel) lookup[pixel] = task.table[pixel] - offset;
    }

    void read(const Task<T>& task, const std::int64_t* rows, int batch) {
        std::int32_t used = 0;
        for (int i = 0; i < batch; ++i) {
            row_starts[i] = used;
            const std::int64_t start = task.starts[rows[i]];
            row_marks[i] = task.marks + start;
            used += std::int32_t(task.starts[rows[i] + 1] - start);
        }
        row_starts[batch] = used;
    }

    // The next batch's images on their way into the cache: in random order, they would not be there. They are read, not
    // prefetched: a processor may drop prefetches, and does.
    static void fetch(const Task<T>& task, const std::int64_t* rows, int batch) {
        for (int i = 0; i < batch; ++i) {
            const Mark *mark = task.marks + task.starts[rows[i]], *stop = task.marks + task.starts[rows[i] + 1];
            for (; mark < stop; mark += 64 / sizeof(Mark)) touch(mark);
            touch(stop);
        }
    }
    static void touch(const Mark* mark) { (void)*const_cast<const volatile std::uint8_t*>(&mark->ink); }

    Inked<T> row_of(int i) const { return {row_marks[i], row_starts[i + 1] - row_starts[i], lookup}; }

    Columns columns_of(int worker) const {
        return {column_values + worker * column_size, column_starts + worker * starts_size,
                column_rows + worker * column_size};
    }

    // The sparse rows sorted by pixel, within a pixel by row.
    void transpose(Columns columns, int in, int batch) const {
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

    // Of which pixels the optimizer remembers something.
    void find_moved(const Task<T>& task) {
        const Layer& layer = task.layers[0];
        const T* remembered[] = {task.first, task.second};
        const int width = padded(layer.columns);
        for (int k = 0; k < layer.in; ++k) {
            moved[k] = false;
            for (const T* vector : remembered)
                for (int j = 0; vector && j < width; ++j)
                    moved[k] |= vector[layer.weights + std::size_t(k) * width + j] != 0;
        }
    }
};

}  // namespace whynet::ISA
