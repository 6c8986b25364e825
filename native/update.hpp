// Optimizers: n parameters with their gradients; `w`, `first` and `second` are changed.
#pragma once

#include <cmath>

#include "task.hpp"

namespace whynet::ISA {

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

}  // namespace whynet::ISA
