// The figures of a published tool as tables, in this project's own words.
#include <limits>

#include "ostep.hpp"
#include "terminal.hpp"

namespace simulation::ostep {
namespace {

using dialtone::Language;
using dialtone::Table;

class Writer {
 public:
  Writer(const Outcome& outcome, Language language) : outcome_(outcome), language_(language) {}

  std::string text() {
    title();
    if (outcome_.tool == Tool::malloc) {
      heap();
    } else if (outcome_.tool == Tool::relocation) {
      accesses();
    } else {
      slices();
      if (!outcome_.jobs.empty()) jobs();
      if (!outcome_.cpus.empty()) cpus();
      totals();
    }
    return std::move(text_);
  }

 private:
  std::string in(std::string_view english, std::string_view chinese) const {
    return std::string(language_ == Language::chinese ? chinese : english);
  }

  /// Up to two decimals, without zeros at the end.
  static std::string number(double value) {
    std::string text = std::to_string(static_cast<std::int64_t>(value));
    char digits[64];
    if (value != static_cast<double>(static_cast<std::int64_t>(value))) {
      std::snprintf(digits, sizeof digits, "%.2f", value);
      text = digits;
      while (text.back() == '0') text.pop_back();
      if (text.back() == '.') text.pop_back();
    }
    return text;
  }
  static std::string number(const std::optional<double>& value) {
    return value ? number(*value) : "-";
  }

  std::string job(std::size_t index) const {
    return outcome_.job_names.empty() ? std::to_string(index) : outcome_.job_names[index];
  }

  void title() {
    const std::string tool(tool_names[static_cast<std::size_t>(outcome_.tool)]);
    text_ = in("The figures of OSTEP's " + tool, "OSTEP 的 " + tool + " 的结果") + '\n';
  }

  /// Nothing is cut, however wide it gets.
  void add(const Table& table) {
    text_ += '\n' + table.text(std::numeric_limits<std::size_t>::max());
  }

  void slices() {
    Table table({in("from", "开始"), in("to", "结束"), "CPU", in("job", "作业")}, {0, 1, 2});
    for (const Slice& slice : outcome_.slices)
      table.add(
          {number(slice.start), number(slice.end), std::to_string(slice.cpu), job(slice.job)});
    add(table);
  }

  void jobs() {
    Table table({in("job", "作业"), in("response", "响应"), in("turnaround", "周转"),
                 in("waiting", "等待"), in("completion", "完成")},
                {1, 2, 3, 4});
    for (const JobFigures& figures : outcome_.jobs)
      table.add({job(figures.job), number(figures.response), number(figures.turnaround),
                 number(figures.waiting), number(figures.completion)});
    const Averages& average = outcome_.average;
    if (average.response || average.turnaround || average.waiting)
      table.add({in("average", "平均"), number(average.response), number(average.turnaround),
                 number(average.waiting), "-"});
    add(table);
  }

  void cpus() {
    Table table({"CPU", in("busy", "忙碌"), in("warm", "热缓存")}, {0, 1, 2});
    for (std::size_t cpu = 0; cpu < outcome_.cpus.size(); ++cpu)
      table.add({std::to_string(cpu), number(outcome_.cpus[cpu].utilisation) + " %",
                 number(outcome_.cpus[cpu].warm) + " %"});
    add(table);
  }

  void totals() {
    Table table({in("whole run", "全程"), in("ticks", "时间")}, {1});
    const auto row = [&](const std::string& name, const std::optional<std::int64_t>& ticks) {
      if (ticks) table.add({name, std::to_string(*ticks)});
    };
    row(in("total", "总时间"), outcome_.total_time);
    row(in("CPU busy", "CPU 忙碌"), outcome_.cpu_busy);
    row(in("I/O busy", "I/O 忙碌"), outcome_.io_busy);
    if (outcome_.total_time) add(table);
  }

  std::string request(const HeapStep& step) const {
    const std::string pointer = '#' + std::to_string(step.pointer);
    if (step.kind == HeapStep::Kind::alloc)
      return pointer + " = " + in("allocate ", "分配 ") + std::to_string(step.size);
    if (step.kind == HeapStep::Kind::free) return in("free ", "释放 ") + pointer;
    return in("free " + pointer + ": never given out, skipped",
              "释放 " + pointer + "：从未分配，跳过");
  }

  void heap() {
    Table table({in("request", "请求"), in("answer", "结果"), in("searched", "查找"),
                 in("free list (address+size)", "空闲表（地址+大小）")},
                {1, 2});
    for (const HeapStep& step : outcome_.steps) {
      const bool skipped = step.kind == HeapStep::Kind::skipped;
      std::string holes;
      for (const Hole& hole : step.free)
        holes += (holes.empty() ? "" : " ") + std::to_string(hole.address) + '+' +
                 std::to_string(hole.size);
      table.add({request(step), skipped ? "-" : std::to_string(step.returned),
                 step.kind == HeapStep::Kind::alloc ? std::to_string(step.searched) : "-",
                 skipped ? "-" : holes});
    }
    add(table);
  }

  void accesses() {
    text_ += in("base ", "基址 ") + std::to_string(outcome_.base) + in(", limit ", "，界限 ") +
             std::to_string(outcome_.limit) + '\n';
    Table table({in("virtual", "虚拟地址"), in("physical", "物理地址")}, {0, 1});
    for (const Access& access : outcome_.accesses)
      table.add({std::to_string(access.virtual_address),
                 access.physical_address ? std::to_string(*access.physical_address)
                                         : in("out of bounds", "越界")});
    add(table);
  }

  const Outcome& outcome_;
  Language language_;
  std::string text_;
};

}  // namespace

std::string to_text(const Outcome& outcome, Language language) {
  return Writer(outcome, language).text();
}

}  // namespace simulation::ostep
