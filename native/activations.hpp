// Activations: a and its slope da/dz, in place of z; softmax, which mixes units, has no slope of its own.
#pragma once

#include <cmath>

#include "task.hpp"
#include "vec.hpp"

namespace whynet::ISA {

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

// The same without the slope, which for most activations follows from a: then it need not be kept.
template <class T>
static void activate(Activation activation, T* __restrict y, std::size_t n) {
    if (activation == Activation::identity) return;
    if (activation == Activation::relu) {
        for (std::size_t j = 0; j < n; ++j) y[j] = y[j] < 0 ? T(0) : y[j];
        return;
    }
    T slope[256];
    for (std::size_t j = 0; j < n; j += 256) activate(activation, y + j, slope, int(smallest<std::size_t>(256, n - j)));
}

static inline bool slope_follows_from_output(Activation activation) {
    return activation != Activation::gelu && activation != Activation::softmax;
}

// da -> dz, in place, where the slope follows from a.
template <class T>
static void multiply_by_slope_at(Activation activation, const T* __restrict a, T* __restrict d, std::size_t n) {
    switch (activation) {
        case Activation::relu:
            for (std::size_t j = 0; j < n; ++j) d[j] *= a[j] > 0 ? T(1) : T(0);
            break;
        case Activation::leaky_relu:
            for (std::size_t j = 0; j < n; ++j) d[j] *= a[j] > 0 ? T(1) : T(0.01);
            break;
        case Activation::elu:
            for (std::size_t j = 0; j < n; ++j) d[j] *= a[j] > 0 ? T(1) : a[j] + T(1);
            break;
        case Activation::sigmoid:
            for (std::size_t j = 0; j < n; ++j) d[j] *= a[j] * (T(1) - a[j]);
            break;
        case Activation::tanh:
            for (std::size_t j = 0; j < n; ++j) d[j] *= T(1) - a[j] * a[j];
            break;
        case Activation::scaled_tanh:
            for (std::size_t j = 0; j < n; ++j) {
                const T t = a[j] / T(1.7159);
                d[j] *= T(1.7159 * 2 / 3) * (T(1) - t * t);
            }
            break;
        case Activation::identity:
        case Activation::gelu:
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

}  // namespace whynet::ISA
