// What contexts of lab 07 do for the judge: rounds of registers, a beginning, and long ways.
#pragma once

#include <sys/mman.h>

#include <memory>

#include "shim_answers.hpp"
#include "shim_registers.hpp"

namespace shim07 {

/// Memory for stacks: of the kernel's, so that nobody else's bookkeeping lies beside it.
class Memory {
 public:
  explicit Memory(std::size_t bytes)
      : all_(static_cast<std::byte*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
             bytes) {
    if (static_cast<void*>(all_.data()) == MAP_FAILED) throw std::bad_alloc();
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::munmap(all_.data(), all_.size()); }
  std::span<std::byte> bytes() const { return all_; }

 private:
  std::span<std::byte> all_;
};

inline Registers registers_of(const json& fields) {
  Registers registers;
  for (std::size_t i = 0; i < registers.whole.size(); ++i)
    registers.whole[i] = fields.at(i).get<std::uint64_t>();
  registers.mxcsr = fields.at(6).get<std::uint32_t>();
  registers.x87 = fields.at(7).get<std::uint16_t>();
  return registers;
}

inline json fields_of(const Registers& registers) {
  json fields = registers.whole;
  fields.push_back(registers.mxcsr);
  fields.push_back(registers.x87);
  return fields;
}

/// Rounds of [what one side sets, what the other side sets]; answers what each found afterwards, or
/// null where the machine has no such registers.
inline Answer play_rounds(Message& request) {
#ifdef __x86_64__
  Memory memory(std::size_t{16} << 10U);
  Context here;
  Context there;
  Other other;
  other.itself = &there;
  other.back_to = &here;
  // cppcheck-suppress danglingLifetime
  lab07_other = &other;
  prepare(&there, memory.bytes(), lab07_be_other, &other);
  json found = json::array();
  for (const json& round : request.body.at("rounds")) {
    const Registers ours = registers_of(round.at(0));
    other.sets = registers_of(round.at(1));
    Registers got;
    lab07_round(&here, &there, &ours, &got);
    found.push_back({fields_of(got), fields_of(other.saw)});
  }
  return value(found);
#else
  return value(nullptr);
#endif
}

/// A context on so many bytes, `offset` bytes into the memory; prepared under other control words.
inline Answer begin_one(Message& request) {
  const auto offset = request.body.at("offset").get<std::size_t>();
  const auto bytes = request.body.at("bytes").get<std::size_t>();
  const auto margin = std::size_t{4096};
  Memory memory(margin + offset + bytes + margin);
  std::memset(memory.bytes().data(), 0x5a, memory.bytes().size());
  const auto stack = memory.bytes().subspan(margin + offset, bytes);
  Context here;
  Context there;
  Beginning beginning;
  beginning.itself = &there;
  beginning.back_to = &here;
  // cppcheck-suppress danglingLifetime
  lab07_beginning = &beginning;
  set_words(request.body.at("mxcsr").get<std::uint32_t>(),
            request.body.at("x87").get<std::uint16_t>());
  try {
    prepare(&there, stack, lab07_begin, &beginning + request.body.at("argument").get<int>());
  } catch (...) {
    set_words(0x1f80, 0x037f);
    throw;
  }
  set_words(0x1f80, 0x037f);
  lab07_switch(&here, &there);

  const auto argument = static_cast<Beginning*>(beginning.argument) - &beginning;
  const auto first = reinterpret_cast<std::uintptr_t>(stack.data());
  const auto untouched = [](std::span<const std::byte> margin_bytes) {
    for (const std::byte b : margin_bytes)
      if (b != std::byte{0x5a}) return false;
    return true;
  };
  return value({{"argument", argument},
                {"within", beginning.stack_pointer >= first &&
                               beginning.stack_pointer <= first + stack.size()},
                {"rest", beginning.stack_pointer % 16},
                {"mxcsr", beginning.mxcsr},
                {"x87", beginning.x87},
                {"registers", has_registers},
                {"below", untouched(memory.bytes().first(margin + offset))},
                {"above", untouched(memory.bytes().subspan(margin + offset + bytes))}});
}

/// Contexts that go from one to the next as the judge drew it.
struct Journey {
  std::vector<std::size_t> stops;      ///< which context runs, one after the other
  std::vector<std::uint64_t> figures;  ///< what each left at its stop
  std::size_t at = 0;
  std::unique_ptr<Context[]> contexts;
  Context home;
};
inline Journey* journey = nullptr;

/// What a context does that begins in lab07_enter. It never returns, so that the address sanitizer
/// would keep its stack for used.
inline void (*wandering)() = nullptr;

extern "C" [[gnu::used, gnu::no_sanitize_address]] inline void lab07_wander() {
  wandering();
}

/// It keeps a sum of its own, in a variable of its own.
[[gnu::no_sanitize_address]] inline void keep_a_sum() {
  const auto* const stops = journey->stops.data();
  auto* const figures = journey->figures.data();
  const std::size_t self = stops[journey->at];
  volatile std::uint64_t kept[4] = {self, self + 1, self + 2, self + 3};
  for (;;) {
    for (volatile std::uint64_t& one : kept) one = one * 6364136223846793005U + journey->at;
    figures[journey->at] = kept[0] ^ kept[1] ^ kept[2] ^ kept[3];
    ++journey->at;
    const bool over = journey->at == journey->stops.size();
    lab07_switch(&journey->contexts[self],
                 over ? &journey->home : &journey->contexts[stops[journey->at]]);
  }
}

inline void set_out(Journey& trip, std::size_t contexts) {
  trip.figures.resize(trip.stops.size());
  trip.contexts = std::make_unique<Context[]>(contexts);
  journey = &trip;
  wandering = keep_a_sum;
  constexpr std::size_t each = std::size_t{16} << 10U;
  const Memory memory(contexts * each);
  for (std::size_t i = 0; i < contexts; ++i)
    prepare(&trip.contexts[i], memory.bytes().subspan(i * each, each), lab07_enter, nullptr);
  lab07_switch(&trip.home, &trip.contexts[trip.stops[0]]);
}

/// Answers what each left at its stop.
inline Answer travel(Message& request) {
  Journey trip;
  trip.stops = request.body.at("stops").get<std::vector<std::size_t>>();
  set_out(trip, request.body.at("contexts").get<std::size_t>());
  return value(trip.figures);
}

/// Two contexts, many times; answers the last figure.
inline Answer commute(Message& request) {
  Journey trip;
  trip.stops.resize(request.body.at("times").get<std::size_t>());
  for (std::size_t i = 0; i < trip.stops.size(); ++i) trip.stops[i] = i % 2;
  set_out(trip, 2);
  return value(trip.figures.back());
}

inline Context mask_here;
inline Context mask_there;

inline void block_a_signal() {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &one, nullptr);
  lab07_switch(&mask_there, &mask_here);
}

/// Whether a signal that one context has blocked is blocked in the next; null where a switch of the
/// library's is allowed, which keeps a mask for each.
inline Answer switch_with_a_mask(Message&) {
  const Memory memory(std::size_t{64} << 10U);
  wandering = block_a_signal;
  prepare(&mask_there, memory.bytes(), lab07_enter, nullptr);
  lab07_switch(&mask_here, &mask_there);
  sigset_t now;
  ::sigprocmask(SIG_SETMASK, nullptr, &now);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
#ifdef CONTEXT_SWITCH_PORTABLE
  return value(nullptr);
#else
  return value(sigismember(&now, SIGUSR2) == 1);
#endif
}

}  // namespace shim07
