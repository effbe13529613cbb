#include "demo/forgetful.hpp"

#ifndef CONTEXT_SWITCH_PORTABLE
#include <cstddef>
#include <cstring>
#include <vector>

namespace switch_demo {

using context_switch::Context;

extern "C" {

/// What sum_in_rbx is to do. Its layout is known to the assembly below.
struct Adding {
  void (*change)(Context* from, const Context* to);
  Context* self;
  const Context* other;
  std::int64_t step;
  std::int64_t rounds;  ///< 1 or more
  std::int64_t sum;     ///< the result
};
static_assert(offsetof(Adding, step) == 24 && offsetof(Adding, sum) == 40);

/// Adds `step` to rbx and hands the core on, `rounds` times.
void sum_in_rbx(Adding* adding);

/// The switch of the solution without one line on each side, and without the control words.
void switch_without_rbx(Context* from, const Context* to);

/// Where a context for it begins: with the argument of sum_in_rbx in r12.
void begin_without_rbx();
}

asm(R"(
    .text
    .type sum_in_rbx, @function
    .globl sum_in_rbx
sum_in_rbx:
    pushq %rbx
    pushq %rbp
    pushq %r12
    movq %rdi, %rbp
    movq 32(%rbp), %r12
    xorl %ebx, %ebx
1:  addq 24(%rbp), %rbx
    movq 8(%rbp), %rdi
    movq 16(%rbp), %rsi
    callq *(%rbp)
    decq %r12
    jnz 1b
    movq %rbx, 40(%rbp)
    popq %r12
    popq %rbp
    popq %rbx
    ret
    .size sum_in_rbx, .-sum_in_rbx

    .type switch_without_rbx, @function
    .globl switch_without_rbx
switch_without_rbx:
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rcx
    jmpq *%rcx
    .size switch_without_rbx, .-switch_without_rbx

    .type begin_without_rbx, @function
    .globl begin_without_rbx
begin_without_rbx:
    movq %r12, %rdi
    callq sum_in_rbx
    ud2
    .size begin_without_rbx, .-begin_without_rbx
)");

namespace {

constexpr std::size_t adders_stack_bytes = std::size_t{64} << 10U;

/// Each half of a pair that adds. The other one has more to do, so that it never ends.
struct Adders {
  std::vector<std::byte> stack = std::vector<std::byte>(adders_stack_bytes);
  Context first_context, other_context;
  Adding first, other;

  Adders(std::int64_t rounds, void (*change)(Context*, const Context*))
      : first{change, &first_context, &other_context, 1, rounds, 0},
        other{change, &other_context, &first_context, 1000, rounds + 1, 0} {}
};

}  // namespace

std::int64_t sum_over_whole_switches(std::int64_t rounds) {
  Adders adders(rounds, context_switch::switch_context);
  context_switch::prepare(
      &adders.other_context, adders.stack,
      [](void* adding) { sum_in_rbx(static_cast<Adding*>(adding)); }, &adders.other);
  sum_in_rbx(&adders.first);
  return adders.first.sum;
}

std::int64_t sum_over_switches_without_rbx(std::int64_t rounds) {
  Adders adders(rounds, switch_without_rbx);
  struct Frame {
    std::uint64_t r15 = 0, r14 = 0, r13 = 0;
    Adding* r12 = nullptr;
    std::uint64_t rbp = 0;
    void (*goes_on)() = begin_without_rbx;
  } frame;
  frame.r12 = &adders.other;
  const auto top = reinterpret_cast<std::uintptr_t>(adders.stack.data() + adders_stack_bytes);
  std::byte* const place = adders.stack.data() + adders_stack_bytes - top % 16 - sizeof frame;
  std::memcpy(place, &frame, sizeof frame);
  adders.other_context.stack_pointer = place;
  sum_in_rbx(&adders.first);
  return adders.first.sum;
}

}  // namespace switch_demo
#endif
