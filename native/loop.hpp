// The loop over batches: forward, cost, backward, update; the same steps as the readable engine's, in the same order.
// It knows no kind of layer, only the table of them.
#pragma once

#include "costs.hpp"
#include "kinds.hpp"

namespace whynet::ISA {

template <class T>
struct Trainer {
    Pass<T> pass;
    Task<T>& task;
    const T** row_targets;
    struct Run {  // of layers: one that takes the whole batch, or several that examples go through one by one
        int first, last;
        bool by_row;
        int chunks;
    } runs[MOST_LAYERS];
    int run_count;

    Trainer(Task<T>& task, Crew* crew) : pass{task, crew}, task(task) { find_runs(); }

    const Methods<T>& methods(int l) const { return methods_of<T>(task.layers[l]); }

    void find_runs() {
        run_count = 0;
        for (int l = 0; l < task.count; ++l) {
            const bool by_row = methods(l).by_row;
            if (run_count > 0 && by_row && runs[run_count - 1].by_row) {
                Run& run = runs[run_count - 1];
                run.last = l;
                run.chunks = smallest(run.chunks, methods(l).chunks(task.layers[l]));
            } else {
                runs[run_count++] = {l, l, by_row, by_row ? methods(l).chunks(task.layers[l]) : 0};
            }
        }
    }

    // Hands out working memory; without any, only counts it.
    std::size_t lay_out(T* start) {
        Memory<T> memory{start};
        const std::size_t batch = task.batch, in = padded(task.layers[0].in), workers = task.workers;
        pass.wide = 0;
        for (int l = 0; l < task.count; ++l) {
            pass.wide = largest(pass.wide, methods(l).row(task.layers[l]));
            methods(l).lay_out(pass, l, memory);
        }
        std::size_t widest = 0;  // between the runs, where gradients are those of the whole batch
        for (int r = 0; r < run_count; ++r) widest = largest<std::size_t>(widest, pass.stages[runs[r].last].width);
        pass.x_width = int(in);
        pass.x = memory.take(batch * in);
        pass.dy = memory.take(batch * widest);
        pass.dx = memory.take(batch * widest);
        const bool narrow = methods(0).reads_sparse && pass.stages[0].width <= NARROW;
        pass.gradient = memory.take(task.update.clip_norm > 0 ? task.size : narrow ? task.layers[0].biases : 0);
        pass.scratch = memory.take(SCRATCH_ROWS * pass.wide);
        pass.packed_size = largest<std::size_t>(pass.wide * largest(2 * WIDTH<T>, FEW), batch * SPAN);
        pass.packed = memory.take(pass.packed_size * workers);
        pass.block_size = task.gemm ? LARGE_ROWS * LARGE_COLUMNS : BLOCK * SPAN;
        pass.blocks = memory.take(pass.block_size * workers);
        pass.images.lay_out(memory, task);
        row_targets = memory.template take_as<const T*>(batch);
        return memory.used;
    }

    void begin() {
        pass.batch = task.batch;
        pass.images.on = task.starts != nullptr && methods(0).reads_sparse;
        pass.images.begin(task);
    }

    // Labels lie far apart in memory: looked up one after the other, they arrive together.
    void read_targets(const std::int64_t* rows) {
        const int outputs = task.layers[task.count - 1].out;
        for (int i = 0; i < pass.batch; ++i) row_targets[i] = task.targets + task.labels[rows[i]] * outputs;
    }

    void forward() {
        for (int r = 0; r < run_count; ++r) {
            const Run run = runs[r];
            if (!run.by_row) {
                methods(run.first).forward(pass, run.first);
                continue;
            }
            by_chunks(run, 1, [&](int i, bool, int, int worker) {
                for (int l = run.first; l <= run.last; ++l) methods(l).forward_row(pass, l, i, worker);
            });
        }
    }

    int chunks_of(const Run& run) const { return smallest(run.chunks, pass.batch); }

    // job(i, whether it is the chunk's first, chunk, worker) for each example: those of a chunk one after the other,
    // whoever takes it.
    template <class Job>
    void by_chunks(const Run& run, int passes, Job job) {
        std::size_t work = 0;
        for (int l = run.first; l <= run.last; ++l) work += passes * methods(l).work(pass, l);
        pass.together(work, [&](int worker, int workers) {
            const int chunks = chunks_of(run), to = chunks * (worker + 1) / workers;
            for (int chunk = chunks * worker / workers; chunk < to; ++chunk) {
                const int start = int(std::int64_t(pass.batch) * chunk / chunks);
                const int stop = int(std::int64_t(pass.batch) * (chunk + 1) / chunks);
                for (int i = start; i < stop; ++i) job(i, i == start, chunk, worker);
            }
        });
    }

    double output_error(const std::int64_t* rows) {
        const int last = task.count - 1, outputs = task.layers[last].out, width = pass.stages[last].width;
        const int batch = pass.batch;
        double total = 0;
        for (int i = 0; i < batch; ++i) {
            const T weight = task.weights ? task.weights[rows[i]] : T(1);
            T* error = pass.dy + std::size_t(i) * width;
            for (int j = outputs; j < width; ++j) error[j] = 0;
            total += double(weight) * row_cost(task.cost, pass.stages[last].y + std::size_t(i) * width,
                                               row_targets[i], outputs, T(1) / T(batch) * weight, error);
        }
        pass.is_dz = false;
        return total / batch;
    }

    void backward(const Step<T>& step) {
        for (int r = run_count - 1; r >= 0; --r) {
            const Run run = runs[r];
            if (pass.mixes_units(run.last))
                pass.through_softmax(run.last);
            else if (!pass.is_dz)
                pass.multiply_by_slope(run.last, pass.dy, 0, task.layers[run.last].out);
            run.by_row ? backward_by_row(run, step) : methods(run.first).backward(pass, run.first, step);
        }
    }

    void backward_by_row(const Run& run, const Step<T>& step) {
        for (int l = run.first; l <= run.last; ++l) methods(l).before_backward(pass, l);
        const int in = task.layers[run.first].in, width = pass.stages[run.last].width;
        const int in_width = pass.input_width(run.first);
        bool moved = false;
        by_chunks(run, 2, [&](int i, bool first, int chunk, int worker) {
            T *d = pass.dy + std::size_t(i) * width, *start = d;
            for (int l = run.last; l >= run.first; --l) {
                if (l < run.last && pass.mixes_units(l)) {
                    pass.through_softmax(l, i, d);
                } else if (l < run.last && pass.stages[l].slope) {
                    const T* __restrict slope = pass.stages[l].slope + std::size_t(i) * pass.stages[l].width;
                    for (int j = 0; j < task.layers[l].out; ++j) d[j] *= slope[j];
                }
                d = methods(l).backward_row(pass, l, d, i, first, chunk, worker);
            }
            if (d == start || run.first == 0) return;
            __atomic_store_n(&moved, true, __ATOMIC_RELAXED);
            T* dx = pass.dx + std::size_t(i) * in_width;
            std::memcpy(dx, d, in * sizeof(T));
            for (int j = in; j < in_width; ++j) dx[j] = 0;
        });
        for (int l = run.first; l <= run.last; ++l) methods(l).update(pass, l, step, chunks_of(run));
        if (moved) {
            T* swapped = pass.dy;
            pass.dy = pass.dx;
            pass.dx = swapped;
        }
        pass.is_dz = false;
    }

    // Where the whole gradient must be known first: penalty, norm, then the update.
    void clipped_update(Step<T> step) {
        double squares = 0;
        T* gradient = pass.gradient;
        for (int l = 0; l < task.count; ++l) {
            const Layer& layer = task.layers[l];
            T *g = gradient + layer.weights, *w = task.params + layer.weights;
            const T l1 = T(step.update.l1), l2 = T(step.update.l2);
            const std::size_t width = padded(layer.columns), weights = layer.weight_rows * width;
            for (std::size_t j = 0; j < weights; ++j) g[j] += l1 * T((w[j] > 0) - (w[j] < 0)) + l2 * w[j];
            for (std::size_t j = 0; j < layer.rows * width; ++j) squares += double(g[j]) * double(g[j]);
        }
        const double norm = std::sqrt(squares);
        const T shorten = norm > step.update.clip_norm ? T(step.update.clip_norm / norm) : T(1);
        step.update.l1 = step.update.l2 = 0;  // in the gradient already
        for (int l = 0; l < task.count; ++l) {
            const Layer& layer = task.layers[l];
            const int width = padded(layer.columns);
            for (int k = 0; k < layer.rows; ++k) {
                const std::size_t at = layer.weights + std::size_t(k) * width;
                T* g = gradient + at;
                for (int j = 0; j < width; ++j) g[j] *= shorten;
                apply(step, k < layer.weight_rows, g, task.params + at, pass.state(task.first, at, 0, 0, 0),
                      pass.state(task.second, at, 0, 0, 0), width);
            }
        }
    }

    void limit_norms() {
        for (int l = 0; l < task.count; ++l) {
            const Layer& layer = task.layers[l];
            if (layer.weight_rows == 0) continue;
            const int width = padded(layer.columns);
            T *W = task.params + layer.weights, *squares = pass.scratch;
            for (int j = 0; j < width; ++j) squares[j] = 0;
            for (int k = 0; k < layer.weight_rows; ++k)
                for (int j = 0; j < width; ++j)
                    squares[j] += W[std::size_t(k) * width + j] * W[std::size_t(k) * width + j];
            const T most = T(task.update.max_norm);
            for (int j = 0; j < width; ++j) {
                const T norm = std::sqrt(squares[j]);
                squares[j] = norm > most ? most / norm : T(1);
            }
            for (int k = 0; k < layer.weight_rows; ++k)
                for (int j = 0; j < width; ++j) W[std::size_t(k) * width + j] *= squares[j];
        }
    }

    // What the last layer puts out for every image, in order; `batch` of them at a time.
    void score(T* scores) {
        begin();
        pass.learning = false;
        const int last = task.count - 1, outputs = task.layers[last].out;
        std::int64_t rows[64];
        for (std::int64_t done = 0; done < task.examples; done += pass.batch) {
            pass.batch = int(smallest<std::int64_t>(task.batch, task.examples - done));
            for (int i = 0; i < pass.batch; ++i) rows[i] = done + i;
            pass.read_inputs(rows);
            forward();
            for (int i = 0; i < pass.batch; ++i)
                std::memcpy(scores + (done + i) * outputs,
                            pass.stages[last].y + std::size_t(i) * pass.stages[last].width, outputs * sizeof(T));
        }
    }

    // Takes the steps; returns how many were sound: fewer than asked if a cost was not finite.
    std::int64_t run() {
        begin();
        pass.learning = true;
        const bool sparse = pass.images.on;
        const int batch = pass.batch;
        if (sparse) pass.images.find_moved(task);
        const Update& u = task.update;
        for (std::int64_t s = 0; s < task.steps; ++s) {
            const std::int64_t* rows = task.rows + s * batch;
            pass.number = std::uint64_t(task.first_step + s);
            pass.read_inputs(rows);
            read_targets(rows);
            if (sparse && s + 1 < task.steps) pass.images.fetch(task, rows + batch, batch);
            if (sparse && s + 2 < task.steps)  // where the images after the next begin
                for (int i = 0; i < batch; ++i) __builtin_prefetch(task.starts + rows[2 * batch + i]);
            forward();
            task.costs[s] = output_error(rows);
            if (!(task.costs[s] - task.costs[s] == 0)) return s;

            const double t = double(task.steps_before + s + 1);
            Step<T> step{u, T(task.rates[s]), 0, 0, false, false};
            step.corrected = T(task.rates[s] / (1 - std::pow(u.momentum, t)));
            step.square_share = T(1 / (1 - std::pow(u.beta2, t)));
            step.alone = u.l1 == 0 && u.l2 == 0 && u.weight_decay == 0 && u.clip_norm == 0;
            step.plain = step.alone && u.optimizer == Optimizer::sgd && u.momentum == 0;
            backward(step);
            if (u.clip_norm > 0) clipped_update(step);
            if (u.max_norm > 0) limit_norms();
            if (u.average > 0) {
                const double share = 1 - smallest(u.average, double(1 + pass.number) / double(10 + pass.number));
                const T part = T(share);
                for (std::size_t j = 0; j < task.size; ++j) task.mean[j] += part * (task.params[j] - task.mean[j]);
            }
        }
        return task.steps;
    }
};

}  // namespace whynet::ISA
