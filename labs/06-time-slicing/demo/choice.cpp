#include "choice.hpp"

#include <algorithm>
#include <charconv>

#include "language.hpp"
#include "simulation/policies/policies.hpp"
#include "terminal.hpp"

namespace time_slicing_demo {
namespace {

using dialtone::tr;
using namespace simulation;
using Numbers = std::vector<Time>;

constexpr Time largest = 1'000'000'000;

/// A policy that can be chosen, and what the number behind its name is.
struct Kind {
  std::string_view name;
  const char* title[2];
  const char* number[2];  ///< "" where it takes none
  Numbers usual;
  const char* rule[2];
  PolicyMaker (*maker)(const Numbers&, const Settings&);
};

time_slicing::MlfqRules mlfq_rules(const Numbers& quanta, const Settings& settings) {
  time_slicing::MlfqRules rules;
  rules.quanta.assign(quanta.rbegin(), quanta.rend());
  rules.allotments.assign(settings.allotments.rbegin(), settings.allotments.rend());
  if (rules.allotments.empty()) rules.allotments.assign(quanta.size(), 1);
  rules.boost = settings.boost;
  rules.stay = settings.stay;
  rules.bump = settings.bump;
  return rules;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"fifo",
       {"first in, first out", "先来先服务"},
       {"", ""},
       {},
       {"first in line", "排在队首"},
       [](const Numbers&, const Settings&) -> PolicyMaker { return make_fifo; }},
      {"sjf",
       {"shortest job first", "最短作业优先"},
       {"", ""},
       {},
       {"the shortest burst", "这一段 CPU 最短"},
       [](const Numbers&, const Settings&) -> PolicyMaker { return make_sjf; }},
      {"srtf",
       {"shortest remaining time first", "最短剩余时间优先"},
       {"", ""},
       {},
       {"the least time left", "剩余时间最少"},
       [](const Numbers&, const Settings&) -> PolicyMaker { return make_srtf; }},
      {"rr",
       {"round robin", "时间片轮转"},
       {"quantum", "时间片"},
       {2},
       {"first in line", "排在队首"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [q = n[0]] { return std::make_unique<time_slicing::RoundRobin>(q); };
       }},
      {"priority",
       {"priority", "优先级（抢占）"},
       {"aging", "老化"},
       {0},
       {"the highest priority", "优先级最高"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [aging = n[0]] { return make_priority({true, aging}); };
       }},
      {"priority-np",
       {"priority, not preemptive", "优先级（非抢占）"},
       {"aging", "老化"},
       {0},
       {"the highest priority", "优先级最高"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [aging = n[0]] { return make_priority({false, aging}); };
       }},
      {"multilevel",
       {"multilevel queue", "多级队列"},
       {"quantum", "时间片"},
       {2},
       {"first in the highest line", "在最高一级的队首"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [q = n[0]] { return make_multilevel(q); };
       }},
      {"mlfq",
       {"multilevel feedback queue", "多级反馈队列"},
       {"quanta, the highest level first", "各级时间片，从最高级起"},
       {2, 4, 8},
       {"first in the highest line", "在最高一级的队首"},
       [](const Numbers& n, const Settings& settings) -> PolicyMaker {
         return [rules = mlfq_rules(n, settings)] {
           return std::make_unique<time_slicing::Mlfq>(rules);
         };
       }},
      {"ctss",
       {"CTSS", "CTSS"},
       {"quantum", "时间片"},
       {1},
       {"first at the first level that is not empty", "在第一个非空级的队首"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [q = n[0]] { return make_ctss({q, 16, 9}); };
       }},
      {"lottery",
       {"lottery", "彩票调度"},
       {"quantum", "时间片"},
       {1},
       {"its ticket was drawn", "抽中了它的彩票"},
       [](const Numbers& n, const Settings& settings) -> PolicyMaker {
         return [q = n[0], seed = settings.seed] { return make_lottery(q, seed); };
       }},
      {"stride",
       {"stride", "步幅调度"},
       {"quantum", "时间片"},
       {1},
       {"the least pass", "行程值最小"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [q = n[0]] { return make_stride(q); };
       }},
      {"cfs",
       {"fair share, like CFS", "公平共享（类 CFS）"},
       {"latency", "调度周期"},
       {6},
       {"the least virtual time", "虚拟时间最小"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [latency = n[0]] { return make_fair({latency, 1}); };
       }},
      {"eevdf",
       {"EEVDF", "EEVDF"},
       {"request", "请求长度"},
       {2},
       {"the earliest virtual deadline of those who are owed time", "应得时间者中虚拟截止期最早"},
       [](const Numbers& n, const Settings&) -> PolicyMaker {
         return [slice = n[0]] { return make_eevdf(slice); };
       }},
  };
  return all;
}

std::string joined(const Numbers& numbers) {
  std::string text;
  for (const Time number : numbers) text += (text.empty() ? "" : "/") + std::to_string(number);
  return text;
}

}  // namespace

std::optional<std::vector<Time>> parse_numbers(std::string_view text, Time least) {
  Numbers numbers;
  for (;;) {
    Time number = -1;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || number < least || number > largest) return std::nullopt;
    numbers.push_back(number);
    if (end == text.data() + text.size()) return numbers;
    if (*end != '/') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
}

tl::expected<Choice, std::string> choose(std::string_view text, const Settings& settings) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto kind = std::find_if(kinds().begin(), kinds().end(),
                                 [&](const Kind& known) { return known.name == name; });
  if (kind == kinds().end()) {
    std::string known;
    for (const Kind& each : kinds()) known += (known.empty() ? "" : ", ") + std::string(each.name);
    return tl::unexpected(tr("there is no policy '", "没有策略 '") + std::string(name) +
                          tr("'; there are ", "'；可选：") + known);
  }
  const auto language = dialtone::language() == dialtone::Language::chinese ? 1U : 0U;
  Numbers numbers = kind->usual;
  if (colon != std::string_view::npos) {
    const std::string_view given = text.substr(colon + 1);
    const bool aging = name == "priority" || name == "priority-np";
    const auto parsed = parse_numbers(given, aging ? 0 : 1);
    if (kind->usual.empty())
      return tl::unexpected(std::string(name) + tr(" takes no number: '", " 不带数字：'") +
                            std::string(text) + "'");
    if (!parsed || (parsed->size() > 1 && name != "mlfq") || parsed->size() > 64)
      return tl::unexpected("'" + std::string(text) + tr("': the ", "'：") +
                            kind->number[language] + tr(" must be a number of ", " 应是不小于 ") +
                            (aging ? "0" : "1") + tr(" or more, such as ", " 的数，例如 ") +
                            std::string(name) + ":" + (aging ? "10" : joined(kind->usual)));
    numbers = *parsed;
  }
  if (name == "mlfq" && !settings.allotments.empty() &&
      settings.allotments.size() != numbers.size())
    return tl::unexpected(tr("--allotments: ", "--allotments：") +
                          std::to_string(settings.allotments.size()) +
                          tr(" of them for ", " 个，而级数是 ") + std::to_string(numbers.size()) +
                          tr(" levels: give one for each", "：每级一个"));
  Choice choice;
  choice.name = text;
  choice.title = kind->title[language];
  if (!numbers.empty() && numbers != Numbers{0})
    choice.title += tr(", ", "，") +
                    (name == "mlfq" ? tr("quanta", "时间片") : kind->number[language]) + " " +
                    joined(numbers);
  choice.rule = kind->rule[language];
  choice.quanta.assign(numbers.rbegin(), numbers.rend());
  choice.make = kind->maker(numbers, settings);
  return choice;
}

tl::expected<std::vector<Choice>, std::string> choose_all(std::string_view text,
                                                          const Settings& settings) {
  std::vector<Choice> chosen;
  while (true) {
    const std::size_t comma = text.find(',');
    auto choice = choose(text.substr(0, comma), settings);
    if (!choice) return tl::unexpected(choice.error());
    chosen.push_back(*std::move(choice));
    if (comma == std::string_view::npos) return chosen;
    text.remove_prefix(comma + 1);
  }
}

std::string choices() {
  const auto language = dialtone::language() == dialtone::Language::chinese ? 1U : 0U;
  std::string text;
  for (const Kind& kind : kinds()) {
    std::string name(kind.name);
    if (!kind.usual.empty()) name += ":" + joined(kind.usual);
    text += "  " + dialtone::pad(name, 14) + kind.title[language];
    if (!kind.usual.empty()) text += std::string(" (") + kind.number[language] + ")";
    text += '\n';
  }
  return text;
}

}  // namespace time_slicing_demo
