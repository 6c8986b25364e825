// Matrix products. Columns are split into panels of a few vectors that stay in registers; every sum runs in one fixed
// order, whoever computes it, so that any number of threads gives the same bits.
#pragma once

#include "task.hpp"
#include "vec.hpp"

namespace whynet::ISA {

constexpr int TILE_ROWS = VECTOR_BYTES == 64 ? 8 : 4;  // with two vectors a row: what fits into the registers

// What becomes of a product A B: it is written to C, or times a factor added to it.
template <class T>
struct Writing {
    T factor = 1, kept = 0;
    void put(T* c, Vec<T> product) const { store(c, product); }
};
template <class T>
struct Adding {
    T factor, kept = 1;
    void put(T* c, Vec<T> product) const { store(c, load(c) + factor * product); }
};

// C (R rows, N vectors) = A B. The entry A(r, k) lies at a[r * a_row + k * a_column].
template <class T, int R, int N, class Putting>
static inline void tile(const T* a, std::ptrdiff_t a_row, std::ptrdiff_t a_column, const T* b, std::ptrdiff_t b_row,
                        int inner, T* c, std::ptrdiff_t c_row, Putting putting) {
    Vec<T> total[R][N] = {};
    for (int k = 0; k < inner; ++k) {
        Vec<T> right[N];
        for (int v = 0; v < N; ++v) right[v] = load(b + k * b_row + v * WIDTH<T>);
        for (int r = 0; r < R; ++r) {
            const T left = a[r * a_row + k * a_column];
            for (int v = 0; v < N; ++v) total[r][v] += left * right[v];
        }
    }
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < N; ++v) putting.put(c + r * c_row + v * WIDTH<T>, total[r][v]);
}

template <class T, int N, class Putting>
static void panel(const T* a, std::ptrdiff_t a_row, std::ptrdiff_t a_column, const T* b, std::ptrdiff_t b_row,
                  int rows, int inner, T* c, std::ptrdiff_t c_row, Putting putting) {
    int r = 0;
    if constexpr (TILE_ROWS == 8)  // ten, the rows of many a batch, fit as well, and B is read only once
        for (; rows - r == 10; r += 10)
            tile<T, 10, N>(a + r * a_row, a_row, a_column, b, b_row, inner, c + r * c_row, c_row, putting);
    for (; r + TILE_ROWS <= rows; r += TILE_ROWS)
        tile<T, TILE_ROWS, N>(a + r * a_row, a_row, a_column, b, b_row, inner, c + r * c_row, c_row, putting);
    for (; r + 2 <= rows; r += 2)
        tile<T, 2, N>(a + r * a_row, a_row, a_column, b, b_row, inner, c + r * c_row, c_row, putting);
    for (; r < rows; ++r)
        tile<T, 1, N>(a + r * a_row, a_row, a_column, b, b_row, inner, c + r * c_row, c_row, putting);
}

constexpr int PACK_ROWS = 16;  // from so many rows on, copying a panel of B into one piece pays

// C (rows, columns) = A (rows, inner) B (inner, columns); columns is a multiple of LANES. Panels of B are used once for
// every few rows of A: with many rows they are first copied into `packed` (inner * 2 vectors), as rows far apart fight
// for the same places in the cache.
template <class T, class Putting = Writing<T>>
static void multiply(const T* a, std::ptrdiff_t a_row, std::ptrdiff_t a_column, const T* b, std::ptrdiff_t b_row,
                     int rows, int inner, int columns, T* c, std::ptrdiff_t c_row, T* packed, Putting putting = {}) {
    constexpr int step = 2 * WIDTH<T>;
    int j = 0;
    for (; j + step <= columns; j += step) {
        const T* from = b + j;
        std::ptrdiff_t from_row = b_row;
        if (packed && rows >= PACK_ROWS) {
            for (int k = 0; k < inner; ++k)
                for (int v = 0; v < 2; ++v)
                    store(packed + k * step + v * WIDTH<T>, load(b + j + k * b_row + v * WIDTH<T>));
            from = packed;
            from_row = step;
        }
        panel<T, 2>(a, a_row, a_column, from, from_row, rows, inner, c + j, c_row, putting);
    }
    for (; j < columns; j += WIDTH<T>)
        panel<T, 1>(a, a_row, a_column, b + j, b_row, rows, inner, c + j, c_row, putting);
}

// B (columns, rows) = A^T for A (rows, columns), square by square. `columns` is a multiple of LANES; rows that A lacks
// to one are taken as zeros.
template <class T>
static void transpose(const T* a, std::ptrdiff_t a_row, int rows, int columns, T* b, std::ptrdiff_t b_row) {
    constexpr int W = WIDTH<T>;
    for (int k = 0; k < padded(rows); k += W)
        for (int o = 0; o < columns; o += W) {
            Vec<T> square[W], shuffled[W];
            for (int r = 0; r < W; ++r) square[r] = k + r < rows ? load(a + (k + r) * a_row + o) : Vec<T>{};
            for (int round = 1; round < W; round *= 2) {  // as many perfect shuffles as the width has binary digits
                for (int r = 0; r < W; ++r)
                    shuffled[r] = in_turn<T>(square[r / 2], square[(r + W) / 2], r % 2,
                                             std::make_integer_sequence<int, W>());
                for (int r = 0; r < W; ++r) square[r] = shuffled[r];
            }
            for (int r = 0; r < W; ++r) store(b + (o + r) * b_row + k, square[r]);
        }
}

// C(r, k) = sum over columns of A(r, .) B(k, .), R rows and K of the k at once: rows of both lie side by side.
template <class T, int R, int K>
static inline void dots(const T* a, std::ptrdiff_t a_row, const T* b, std::ptrdiff_t b_row, int columns, T* c,
                        std::ptrdiff_t c_row) {
    Vec<T> total[R][K] = {};
    for (int j = 0; j < columns; j += WIDTH<T>) {
        Vec<T> left[R];
        for (int r = 0; r < R; ++r) left[r] = load(a + r * a_row + j);
        for (int k = 0; k < K; ++k) {
            const Vec<T> right = load(b + k * b_row + j);
            for (int r = 0; r < R; ++r) total[r][k] += left[r] * right;
        }
    }
    for (int r = 0; r < R; ++r)
        if constexpr (K == 4)
            four_sums<T>(total[r], c + r * c_row);
        else
            for (int k = 0; k < K; ++k) c[r * c_row + k] = sum<T>(total[r][k]);
}

// C (rows, count) = A (rows, columns) B^T, B (count, columns).
template <class T>
static void multiply_transposed(const T* a, std::ptrdiff_t a_row, const T* b, std::ptrdiff_t b_row, int rows,
                                int count, int columns, T* c, std::ptrdiff_t c_row) {
    constexpr int R = VECTOR_BYTES == 64 ? 4 : 2;
    int k = 0;
    for (; k + 4 <= count; k += 4) {
        int r = 0;
        for (; r + R <= rows; r += R)
            dots<T, R, 4>(a + r * a_row, a_row, b + k * b_row, b_row, columns, c + r * c_row + k, c_row);
        for (; r < rows; ++r)
            dots<T, 1, 4>(a + r * a_row, a_row, b + k * b_row, b_row, columns, c + r * c_row + k, c_row);
    }
    for (; k < count; ++k)
        for (int r = 0; r < rows; ++r)
            dots<T, 1, 1>(a + r * a_row, a_row, b + k * b_row, b_row, columns, c + r * c_row + k, c_row);
}

// C (rows, columns) = A B by BLAS, whose matrices are column-major: it is handed C^T = B^T A^T. `a_turned`: A is stored
// as (inner, rows); `b_turned`: B as (columns, inner).
template <class T, class Putting = Writing<T>>
static void multiply_large(Gemm<T> gemm, bool a_turned, const T* a, int a_row, bool b_turned, const T* b, int b_row,
                           int rows, int inner, int columns, T* c, int c_row, Putting putting = {}) {
    char left = b_turned ? 'T' : 'N', right = a_turned ? 'T' : 'N';
    gemm(&left, &right, &columns, &rows, &inner, &putting.factor, const_cast<T*>(b), &b_row, const_cast<T*>(a), &a_row,
         &putting.kept, c, &c_row);
}

}  // namespace whynet::ISA
