// The bare switch of lab 07 in a harness of assembly, for the judge.
//
// On x86-64 all that surrounds a switch is assembly, which keeps nothing in a register that the
// switch should keep: one that a student's switch forgets is seen where it is looked for, and is no
// crash anywhere else.
#pragma once

#include <array>
#include <cstdint>

#include "context_switch.hpp"

namespace shim07 {

using context_switch::Context;
using context_switch::prepare;
using context_switch::switch_context;

/// The registers that a switch keeps. The assembly below knows the layout.
struct Registers {
  std::array<std::uint64_t, 6> whole{};  ///< rbx, rbp, r12, r13, r14, r15
  std::uint32_t mxcsr = 0x1f80;
  std::uint16_t x87 = 0x037f;
  std::uint16_t unused = 0;
};
static_assert(sizeof(Registers) == 56);

/// The context on the other side of a round.
struct Other {
  Context* itself = nullptr;
  Context* back_to = nullptr;
  Registers sets;  ///< before it switches back
  Registers saw;   ///< when it went on: what it had set before
};
static_assert(sizeof(Other) == 128);

/// How a context found the machine when it began.
struct Beginning {
  std::uint64_t stack_pointer = 0;
  void* argument = nullptr;
  std::uint32_t mxcsr = 0;
  std::uint32_t x87 = 0;
  Context* itself = nullptr;
  Context* back_to = nullptr;
};

#ifdef __x86_64__

inline constexpr bool has_registers = true;

extern "C" {
/// Sets the registers, switches, and tells what they are afterwards.
void lab07_round(Context* from, const Context* to, const Registers* wanted, Registers* got);
/// A switch that is harmless whatever it forgets.
void lab07_switch(Context* from, const Context* to);
/// An entry: for ever sets the registers and switches back (lab07_other).
void lab07_be_other(void*);
/// An entry: notes how it was begun (lab07_beginning) and switches back.
void lab07_begin(void*);
/// An entry: calls lab07_wander on a stack that is aligned, however it began.
void lab07_enter(void*);
void lab07_wander();
[[gnu::used]] inline Other* lab07_other = nullptr;
[[gnu::used]] inline Beginning* lab07_beginning = nullptr;
}

asm(R"(
    .text
    .macro lab07_keep_all
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    subq $24, %rsp
    .cfi_adjust_cfa_offset 24
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    .endm

    .macro lab07_restore_all
    fnclex
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $24, %rsp
    .cfi_adjust_cfa_offset -24
    popq %r15
    .cfi_adjust_cfa_offset -8
    popq %r14
    .cfi_adjust_cfa_offset -8
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .endm

    .macro lab07_set from
    movq \from+0(%rax), %rbx
    movq \from+8(%rax), %rbp
    movq \from+16(%rax), %r12
    movq \from+24(%rax), %r13
    movq \from+32(%rax), %r14
    movq \from+40(%rax), %r15
    fnclex
    ldmxcsr \from+48(%rax)
    fldcw \from+52(%rax)
    .endm

    .macro lab07_tell to
    movq %rbx, \to+0(%rax)
    movq %rbp, \to+8(%rax)
    movq %r12, \to+16(%rax)
    movq %r13, \to+24(%rax)
    movq %r14, \to+32(%rax)
    movq %r15, \to+40(%rax)
    stmxcsr \to+48(%rax)
    fnstcw \to+52(%rax)
    .endm

    .globl lab07_round
    .type lab07_round, @function
lab07_round:
    .cfi_startproc
    lab07_keep_all
    movq %rcx, 8(%rsp)
    movq %rdx, %rax
    lab07_set 0
    callq switch_context@PLT
    movq 8(%rsp), %rax
    lab07_tell 0
    lab07_restore_all
    retq
    .cfi_endproc
    .size lab07_round, .-lab07_round

    .globl lab07_switch
    .type lab07_switch, @function
lab07_switch:
    .cfi_startproc
    lab07_keep_all
    callq switch_context@PLT
    lab07_restore_all
    retq
    .cfi_endproc
    .size lab07_switch, .-lab07_switch

    .globl lab07_be_other
    .type lab07_be_other, @function
lab07_be_other:
    andq $-16, %rsp
1:  movq lab07_other(%rip), %rax
    lab07_set 16
    movq (%rax), %rdi
    movq 8(%rax), %rsi
    callq switch_context@PLT
    movq lab07_other(%rip), %rax
    lab07_tell 72
    jmp 1b
    .size lab07_be_other, .-lab07_be_other

    .globl lab07_begin
    .type lab07_begin, @function
lab07_begin:
    movq lab07_beginning(%rip), %rax
    movq %rsp, (%rax)
    movq %rdi, 8(%rax)
    stmxcsr 16(%rax)
    fnstcw 20(%rax)
    andq $-16, %rsp
    movq 24(%rax), %rdi
    movq 32(%rax), %rsi
    callq switch_context@PLT
    ud2
    .size lab07_begin, .-lab07_begin

    .globl lab07_enter
    .type lab07_enter, @function
lab07_enter:
    andq $-16, %rsp
    callq lab07_wander
    ud2
    .size lab07_enter, .-lab07_enter
)");

/// Sets both control words; the status bits are left out.
inline void set_words(std::uint32_t mxcsr, std::uint16_t x87) {
  asm volatile("fnclex\n\tldmxcsr %0\n\tfldcw %1" ::"m"(mxcsr), "m"(x87));
}

#else

inline constexpr bool has_registers = false;

extern "C" {
void lab07_switch(Context* from, const Context* to) {
  switch_context(from, to);
}
void lab07_wander();
void lab07_enter(void*) {
  lab07_wander();
}
Beginning* lab07_beginning = nullptr;
void lab07_begin(void* argument) {
  Beginning& here = *lab07_beginning;
  char place = 0;
  here.stack_pointer = reinterpret_cast<std::uintptr_t>(&place);
  here.argument = argument;
  switch_context(here.itself, here.back_to);
}
}

inline void set_words(std::uint32_t, std::uint16_t) {}

#endif

}  // namespace shim07
