// Stacks, as /proc/PID/maps of the student's process shows them, and what happens when one is full.
#include <csignal>
#include <sstream>

#include "cases.hpp"

namespace lab07 {
namespace {

constexpr std::uint64_t page = 4096;

/// A line of /proc/PID/maps.
struct Mapping {
  std::uint64_t first;
  std::uint64_t end;
  std::string permissions;
};

std::vector<Mapping> mappings(Trial& trial) {
  std::vector<Mapping> found;
  std::istringstream lines(trial.student.proc_file("maps"));
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Mapping one{};
    char dash = 0;
    fields >> std::hex >> one.first >> dash >> one.end >> one.permissions;
    found.push_back(std::move(one));
  }
  return found;
}

/// What may be done at this address; "" where nothing is mapped.
std::string permissions_at(const std::vector<Mapping>& all, std::uint64_t address) {
  for (const Mapping& one : all)
    if (address >= one.first && address < one.end) return one.permissions;
  return "";
}

std::string told(const std::string& permissions) {
  return permissions.empty() ? tr("nothing is mapped", "没有映射") : permissions;
}

std::uint64_t rounded(std::uint64_t bytes) {
  return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

std::uint64_t draw_bytes(Trial& trial) {
  const std::vector<std::uint64_t> corners = {0,    1,     4095,  4096,        4097,
                                              8192, 65536, 65537, 1024 * 1024, 100'000};
  return trial.index < corners.size() ? corners[trial.index] : trial.random.between(1, 300'000);
}

json make(Trial& trial, std::uint64_t bytes, int slot = 0) {
  trial.step("Stack::make(" + std::to_string(bytes) + ")");
  return ask(trial, {{"call", "stack"}, {"bytes", bytes}, {"slot", slot}});
}

json change(Trial& trial, const std::string& how, std::uint64_t bytes = 0) {
  trial.step(how == "destroy" ? tr("it is destroyed", "销毁它")
             : how == "move"  ? tr("it is moved elsewhere and back", "移走再移回")
                              : tr("another one is assigned to it", "把另一个栈赋值给它"));
  return ask(trial, {{"call", "change stack"}, {"how", how}, {"bytes", bytes}, {"slot", 0}});
}

void expect_page(Trial& trial, const std::vector<Mapping>& all, std::uint64_t address,
                 const std::string& permissions, const std::string& what) {
  const std::string found = permissions_at(all, address).substr(0, permissions.size());
  trial.expect(what, found == permissions, told(permissions), told(found));
}

void untouched_takes_no_memory(Trial& trial) {
  const std::uint64_t bytes = std::uint64_t{200} << 20U;
  trial.input(tr("a stack of 200 MiB that nobody touches", "一个 200 MiB、没有人碰过的栈"));
  const auto before = trial.student.memory("VmRSS");
  make(trial, bytes);
  const auto taken = trial.student.memory("VmRSS");
  trial.expect(tr("resident memory", "驻留内存"), taken < before + (std::uint64_t{20} << 20U),
               tr("hardly more than before", "与之前相差无几"),
               std::to_string((taken - std::min(before, taken)) >> 20U) + tr(" MiB more", " MiB"));
  change(trial, "destroy");
}

void a_stack_has_a_guard_page(Trial& trial) {
  if (trial.index == 39) return untouched_takes_no_memory(trial);
  const std::uint64_t bytes = draw_bytes(trial);
  trial.input(std::to_string(bytes) + tr(" bytes", " 字节"));
  const json place = make(trial, bytes);
  const auto first = place.at("first").get<std::uint64_t>();
  trial.expect_equal(
      tr("bytes().size(): whole pages, one at least", "bytes().size()：整页，至少一页"),
      place.at("size").get<std::uint64_t>(), rounded(bytes));
  const std::uint64_t end = first + rounded(bytes);
  trial.expect(tr("bytes() begins where a page does", "bytes() 从页的开头开始"), first % page == 0,
               tr("a multiple of 4096", "4096 的倍数"), std::to_string(first));
  const auto all = mappings(trial);
  for (std::uint64_t at = first; at < end; at += page)
    expect_page(trial, all, at, "rw-p", tr("maps: a page of bytes()", "maps：bytes() 的一页"));
  expect_page(trial, all, first - page, "---p",
              tr("maps: the page below bytes()", "maps：bytes() 下方的一页"));

  const std::vector<std::pair<std::uint64_t, bool>> asked = {
      {first - 1, true},
      {first - page, true},
      {first - 8, true},
      {first - trial.random.between(1, page), true},
      {first, false},
      {first - page - 1, false},
      {end - 1, false},
      {end, false},
      {0, false},
      {first + trial.random.between(0, end - first - 1), false},
      {first + 4 * page, false},
      {~std::uint64_t{0}, false}};
  json addresses = json::array();
  for (const auto& [address, expected] : asked) addresses.push_back(address);
  const json got = ask(trial, {{"call", "guards"}, {"slot", 0}, {"addresses", addresses}});
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto away = static_cast<std::int64_t>(asked[i].first - first);
    trial.expect_equal(
        tr("guards(bytes().data() + ", "guards(bytes().data() + ") + std::to_string(away) + ")",
        got.at(i).get<bool>(), asked[i].second);
  }
  trial.expect(tr("what is written to it is there", "写进去的内容还在"),
               ask(trial, {{"call", "use stack"}, {"slot", 0}}) == true, tr("yes", "是"),
               tr("no", "否"));
}

void expect_gone(Trial& trial, std::uint64_t first, std::uint64_t size, const std::string& what) {
  const auto all = mappings(trial);
  for (std::uint64_t at = first - page; at < first + size; at += page) {
    const std::string found = permissions_at(all, at);
    trial.expect(at < first ? what + tr(": its guard page", "：它的保护页") : what, found.empty(),
                 told(""), told(found));
  }
}

void a_stack_is_given_back(Trial& trial) {
  if (trial.index == 0) {
    trial.expect(
        tr("a stack that owns nothing has no bytes, and goes", "不拥有内存的栈没有字节，可以销毁"),
        ask(trial, {{"call", "empty stack"}}) == true, "0", "?");
    const std::uint64_t bytes = std::uint64_t{64} << 20U;
    trial.input(tr("100 stacks of 64 MiB, one after the other; the process may have 512 MiB",
                   "100 个 64 MiB 的栈，一个接一个；进程最多可有 512 MiB"));
    const json failed = ask(trial, {{"call", "many stacks"}, {"bytes", bytes}, {"times", 100}});
    trial.expect_equal(tr("stacks for which there was no room", "没有空间可分配的栈"),
                       failed.get<int>(), 0);
    return;
  }
  if (trial.index == 1) {
    trial.input(tr("2000 stacks, one after the other", "2000 个栈，一个接一个"));
    ask(trial, {{"call", "many stacks"}, {"bytes", 65536}, {"times", 10}});
    const auto before = mappings(trial).size();
    ask(trial, {{"call", "many stacks"}, {"bytes", 65536}, {"times", 2000}});
    const auto after = mappings(trial).size();
    trial.expect(tr("lines in /proc/PID/maps", "/proc/PID/maps 的行数"), after <= before + 4,
                 std::to_string(before), std::to_string(after));
    return;
  }
  // So large that nothing else comes to lie where it was.
  const std::uint64_t bytes = page * trial.random.between(2048, 4096);
  trial.input(std::to_string(bytes) + tr(" bytes", " 字节"));
  const json place = make(trial, bytes);
  const auto first = place.at("first").get<std::uint64_t>();
  if (trial.index % 3 == 1) {
    const json moved = change(trial, "move");
    trial.expect(tr("it lies where it lay", "它仍在原处"), moved == place, place.dump(),
                 moved.dump());
    expect_page(trial, mappings(trial), first, "rw-p",
                tr("maps: it is still there", "maps：它还在"));
  }
  if (trial.index % 3 == 2) {
    const std::uint64_t other = page * trial.random.between(1, 64);
    const json now = change(trial, "replace", other);
    trial.expect_equal(tr("bytes().size() of the other one", "另一个栈的 bytes().size()"),
                       now.at("size").get<std::uint64_t>(), other);
    expect_gone(trial, first, bytes, tr("maps: where the old one was", "maps：旧栈原来的位置"));
    expect_page(trial, mappings(trial), now.at("first").get<std::uint64_t>(), "rw-p",
                tr("maps: the new one", "maps：新栈"));
    change(trial, "destroy");
    return;
  }
  change(trial, "destroy");
  expect_gone(trial, first, bytes, tr("maps: where it was", "maps：它原来的位置"));
}

/// Names for the threads of a run, the one that does the deed among them.
json draw_names(Trial& trial, int count) {
  json names = json::array();
  for (int i = 0; i < count; ++i)
    names.push_back(trial.random.text(trial.random.between(1, 12), "abcdefghijklmnopqrstuvwxyz"));
  return names;
}

void a_fault_elsewhere(Trial& trial, const json& names, std::size_t who, bool mine) {
  trial.input(mine ? tr("a thread uses a null pointer; the program has a handler of its own",
                        "一个线程使用空指针；程序自己有处理函数")
                   : tr("a thread uses a null pointer", "一个线程使用空指针"));
  const json ended = ask(trial, {{"call", "end"},
                                 {"deed", "null"},
                                 {"threads", names},
                                 {"who", who},
                                 {"before", mine ? "mine" : "default"},
                                 {"milliseconds", 10'000},
                                 {"options", json::object()}});
  const auto errors = ended.at("errors").get<std::string>();
  trial.expect(tr("it is no overflow", "这不是溢出"), errors.find("overflow") == std::string::npos,
               tr("no such line on standard error", "标准错误上没有这样一行"), errors);
  if (mine)
    trial.expect_equal(
        tr("exit code of the handler that was there before (7)", "先前那个处理函数的退出码（7）"),
        ended.at("exit code").get<int>(), 7);
  else
    trial.expect_equal(tr("the signal that ended it", "结束它的信号"),
                       ended.at("signal").get<int>(), SIGSEGV);
}

void an_overflow_is_reported(Trial& trial) {
  const int count = trial.index == 0 ? 1 : draw(trial.random, 1, 6);
  const json names = draw_names(trial, count);
  const auto who = static_cast<std::size_t>(draw(trial.random, 0, count - 1));
  if (trial.index % 4 >= 2) return a_fault_elsewhere(trial, names, who, trial.index % 4 == 2);
  const std::uint64_t bytes = page * trial.random.between(8, 64);
  const auto name = names.at(who).get<std::string>();
  trial.input(tr("thread ", "线程 ") + std::to_string(who) + " (" + name +
              tr(") calls itself without end; its stack has ", ") 无限递归；它的栈有 ") +
              std::to_string(bytes) + tr(" bytes", " 字节"));
  const json ended = ask(trial, {{"call", "end"},
                                 {"deed", "overflow"},
                                 {"threads", names},
                                 {"who", who},
                                 {"before", "default"},
                                 {"milliseconds", 10'000},
                                 {"options", {{"stack_bytes", bytes}}}});
  const std::string expected = "thread " + std::to_string(who) + " (" + name +
                               "): stack overflow, " + std::to_string(bytes) + " bytes are full\n";
  const auto errors = ended.at("errors").get<std::string>();
  trial.expect(tr("the line on standard error", "标准错误上的一行"), errors == expected,
               dialtone::printable(expected), dialtone::printable(errors));
  trial.expect_equal(tr("the signal that ended it", "结束它的信号"), ended.at("signal").get<int>(),
                     SIGSEGV);
}

}  // namespace

std::vector<Case> stack_cases() {
  return {{"a_stack_has_a_guard_page", 40, a_stack_has_a_guard_page},
          {"a_stack_is_given_back", 24, a_stack_is_given_back},
          {"an_overflow_is_reported", 20, an_overflow_is_reported}};
}

}  // namespace lab07
