// The loop compiled for one instruction set: CMake compiles this file once for each, with ISA and VECTOR_BYTES set.
// Nothing but the functions below may leave this file, lest the linker hand their code to another processor.
#include "loop.hpp"

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)

namespace whynet {

std::int64_t NAME(advance_f32_, ISA)(Task<float>& task, Crew* crew) {
    ISA::Trainer<float> trainer(task, crew);
    trainer.lay_out(task.memory);
    return trainer.run();
}

std::int64_t NAME(advance_f64_, ISA)(Task<double>& task, Crew* crew) {
    ISA::Trainer<double> trainer(task, crew);
    trainer.lay_out(task.memory);
    return trainer.run();
}

void NAME(scores_f32_, ISA)(Task<float>& task, Crew* crew, float* scores) {
    ISA::Trainer<float> trainer(task, crew);
    trainer.lay_out(task.memory);
    trainer.score(scores);
}

void NAME(scores_f64_, ISA)(Task<double>& task, Crew* crew, double* scores) {
    ISA::Trainer<double> trainer(task, crew);
    trainer.lay_out(task.memory);
    trainer.score(scores);
}

std::size_t NAME(memory_f32_, ISA)(Task<float>& task) { return ISA::Trainer<float>(task, nullptr).lay_out(nullptr); }
std::size_t NAME(memory_f64_, ISA)(Task<double>& task) { return ISA::Trainer<double>(task, nullptr).lay_out(nullptr); }

}  // namespace whynet
