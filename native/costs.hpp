// Costs: the cost of one row; its gradient, already divided by the batch and times the row's weight, in `error`.
#pragma once

#include "activations.hpp"

namespace whynet::ISA {

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

}  // namespace whynet::ISA
