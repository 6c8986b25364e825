// Products of windows of a map with a matrix, without the windows ever being copied out: a row of A is where a window
// lies, and what is read from there follows the map's own rows.
#pragma once

#include "matrix.hpp"

namespace whynet::ISA {

// How a window is read: `segments` pieces, `segment_row` apart, of `length` numbers, `step` apart; after each piece so
// many rows of B are `skipped`.
struct Reading {
    int segments;
    std::ptrdiff_t segment_row;
    int length;
    std::ptrdiff_t step, skipped = 0;
};

// total (R rows, N vectors) += A B, for the windows at left[0] to left[R - 1].
template <class T, int R, int N>
static inline void add_windows(const T* const* left, Reading reading, const T* b, std::ptrdiff_t b_row,
                               Vec<T> (&total)[R][N]) {
    const T* row[R];
    for (int r = 0; r < R; ++r) row[r] = left[r];
    for (int s = 0; s < reading.segments; ++s) {
        std::ptrdiff_t at = s * reading.segment_row;
        for (int k = 0; k < reading.length; ++k) {
            Vec<T> right[N];
            for (int v = 0; v < N; ++v) right[v] = load(b + v * WIDTH<T>);
            for (int r = 0; r < R; ++r) {
                const T number = row[r][at];
                for (int v = 0; v < N; ++v) total[r][v] += number * right[v];
            }
            at += reading.step;
            b += b_row;
        }
        b += reading.skipped * b_row;
    }
}

// The first `count` numbers of a vector.
template <class T>
static inline void store_some(T* to, Vec<T> v, int count) {
    constexpr int W = WIDTH<T>;
    if (count >= W) {
        store(to, v);
        return;
    }
    T numbers[W];
    store(numbers, v);
    if (count == W / 2) {
        std::memcpy(to, numbers, W / 2 * sizeof(T));
        return;
    }
    for (int j = 0; j < count; ++j) to[j] = numbers[j];
}

// C (count rows, columns) = start + A B for up to R windows; of more rows than there are, the last is computed again.
// B has whole vectors, C just `columns` numbers a row; without a start, it is 0.
template <class T, int R, int N>
static inline void put_windows(const T* const* left, int count, Reading reading, const T* b, std::ptrdiff_t b_row,
                               const T* start, T* c, std::ptrdiff_t c_row, int columns) {
    Vec<T> total[R][N];
    for (int v = 0; v < N; ++v) {
        const Vec<T> first = start ? load(start + v * WIDTH<T>) : Vec<T>{};
        for (int r = 0; r < R; ++r) total[r][v] = first;
    }
    add_windows<T, R, N>(left, reading, b, b_row, total);
    for (int r = 0; r < R; ++r)
        if (r < count)
            for (int v = 0; v < N; ++v) store_some(c + r * c_row + v * WIDTH<T>, total[r][v], columns - v * WIDTH<T>);
}

// C (R rows, N vectors) += A B.
template <class T, int R, int N>
static inline void gather_windows(const T* const* left, Reading reading, const T* b, std::ptrdiff_t b_row, T* c,
                                  std::ptrdiff_t c_row) {
    Vec<T> total[R][N];
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < N; ++v) total[r][v] = load(c + r * c_row + v * WIDTH<T>);
    add_windows<T, R, N>(left, reading, b, b_row, total);
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < N; ++v) store(c + r * c_row + v * WIDTH<T>, total[r][v]);
}

}  // namespace whynet::ISA
