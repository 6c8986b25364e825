// Batch normalisation of columns side by side, each (a unit) by itself; LANES of them at a time, whose rows stay in the
// first cache. Sums over the batch are taken in double: it may be long.
#pragma once

#include <cmath>

#include "task.hpp"

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
static void blend_in(T share, int rows, int columns, const T* mean, const T* variance, T* running_mean,
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
                                  const T* inverse_sd, const T* dscale, const T* dshift) {
    const T share = T(1) / T(rows);
    for (int i = 0; i < rows; ++i) {
        T* __restrict mine = d + i * row;
        const T* __restrict hat = x_hat + i * row;
        for (int j = 0; j < columns; ++j)
            mine[j] = scale[j] * inverse_sd[j] * (mine[j] - share * (dshift[j] + hat[j] * dscale[j]));
    }
}

}  // namespace whynet::ISA
