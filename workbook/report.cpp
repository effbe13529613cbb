#include "report.hpp"

#include <algorithm>

#include "language.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace dialtone {

using nlohmann::json;

namespace {

constexpr std::size_t most_stories = 3;
constexpr std::size_t most_steps = 20;

struct Context {
  const Tree& tree;
  const std::vector<Lab>& labs;
  const Lab& lab;
  const CheckRequest& request;
  const CheckResult& result;
};

std::string heading(std::string_view text) {
  return coloured(Colour::bold, text) + "\n";
}

void append(std::vector<std::string>& lines, const std::string& label, const std::string& text) {
  if (text.empty()) return;
  const auto parts = lines_of(text);
  for (std::size_t i = 0; i < parts.size(); ++i)
    lines.push_back((i == 0 ? pad(label, 10) : std::string(10, ' ')) + parts[i]);
}

/// The unwritten parts, each with how many tests wait for it, in the order of their first test.
std::string unwritten_text(const PracticeRun& run) {
  std::vector<std::pair<std::string, int>> parts;
  for (const PracticeTest& test : run.tests) {
    if (test.status != "todo") continue;
    const std::string what = test.story.empty() ? test.name : test.story.front();
    const auto known = std::find_if(parts.begin(), parts.end(),
                                    [&](const auto& part) { return part.first == what; });
    if (known == parts.end())
      parts.emplace_back(what, 1);
    else
      ++known->second;
  }
  std::string text;
  for (const auto& [what, count] : parts)
    text += "  " + coloured(Colour::yellow, pad(what, 44)) + " " +
            tr(std::to_string(count) + (count == 1 ? " test" : " tests"),
               std::to_string(count) + " 个测试") +
            "\n";
  return text;
}

std::string practice_text(const PracticeRun& run) {
  std::string text;
  std::size_t told = 0;
  std::size_t passed = 0;
  for (const PracticeTest& test : run.tests) {
    if (test.status == "ok") {
      ++passed;
    } else if (test.status != "todo") {
      const std::string mark = test.status == "hung"      ? tr("HUNG", "卡住")
                               : test.status == "crashed" ? tr("CRASHED", "崩溃")
                                                          : tr("FAILED", "失败");
      text += "  " + coloured(Colour::red, pad(mark, 8)) + test.name + "\n";
      if (++told > most_stories) continue;
      for (const std::string& line : test.story) text += "            " + line + "\n";
    }
  }
  const std::string count = std::to_string(passed) + "/" + std::to_string(run.tests.size());
  return heading(tr("Practice tests: " + count + " ok", "练习测试：" + count + " 通过") +
                 (run.seed.empty() || run.all_ok()
                      ? ""
                      : tr("  (DIALTONE_SEED=", "（DIALTONE_SEED=") + run.seed + tr(")", "）"))) +
         text + unwritten_text(run);
}

std::string case_mark(const CaseResult& one) {
  switch (one.status) {
    case Status::passed:
      return coloured(Colour::green, tr("passed", "通过"));
    case Status::failed:
      return coloured(Colour::red, tr("FAILED", "失败"));
    case Status::todo: {  // "TODO(lab 01): send_all" says which part it waits for
      const auto colon = one.story.got.find("): ");
      const bool named = colon != std::string::npos;
      return coloured(Colour::yellow, "TODO" + (named ? one.story.got.substr(colon + 2) : ""));
    }
    case Status::fault:
      break;
  }
  return coloured(Colour::yellow, tr("not judged", "未评判"));
}

/// Ids are to be copied from here: they stay whole. The titles take what is left of the line, and
/// stay away where that is too little to read.
std::string points_table(const Context& context) {
  constexpr std::size_t gaps_and_points = 12;
  constexpr std::size_t narrowest = 24;
  std::size_t ids = 0;
  std::size_t marks = display_width(tr("Verdict", "结果"));
  for (const CaseResult& one : context.result.judgement.cases) {
    ids = std::max(ids, display_width(one.of.id));
    marks = std::max(marks, display_width(case_mark(one)));
  }
  const std::size_t others = ids + marks + gaps_and_points;
  const std::size_t columns = terminal_columns();
  const bool titled = columns >= others + narrowest;
  std::vector<std::string> head = {tr("Case", "用例"), tr("Points", "分数"), tr("Verdict", "结果")};
  if (titled) head.push_back(tr("What it asks", "要求"));
  Table table(std::move(head), {1});
  for (const CaseResult& one : context.result.judgement.cases) {
    const std::string got = one.status == Status::fault ? "?" : std::to_string(one.points());
    std::vector<std::string> row = {one.of.id, got + "/" + std::to_string(one.of.points),
                                    case_mark(one)};
    if (titled) row.push_back(clip(one.of.title.text(), columns - others));
    table.add(std::move(row));
  }
  return table.text(std::max(columns, others));
}

/// The failed cases: the first few in full, the rest as a line each.
std::string stories_text(const Context& context) {
  std::string text;
  std::size_t told = 0;
  for (const CaseResult& one : context.result.judgement.cases) {
    if (one.status == Status::passed) continue;
    if (one.status == Status::todo) continue;  // the table names the part that it waits for
    if (one.status == Status::fault) {
      text += coloured(Colour::yellow, tr("not judged  ", "未评判  ")) + one.of.id + "  " +
              join(lines_of(one.story.failed), " ") + "\n";
    } else if (++told <= most_stories) {
      if (!text.empty() && !text.ends_with("\n\n")) text += '\n';
      text += coloured(Colour::red, tr("FAILED  ", "失败  ")) + coloured(Colour::bold, one.of.id) +
              "  " + one.of.title.text() + "\n";
      for (const std::string& line : story_lines(one.story)) text += "  " + line + "\n";
      text +=
          "  " + pad(tr("seed", "种子"), 10) + std::to_string(context.result.judgement.seed) + "\n";
      text += "  " + pad(tr("replay", "重放"), 10) +
              replay_command(context.tree, context.lab, one, context.result.judgement.seed,
                             context.request) +
              "\n\n";
    } else {
      text += coloured(Colour::red, tr("FAILED  ", "失败  ")) + one.of.id + "  " +
              one.story.failed + "  (" +
              replay_command(context.tree, context.lab, one, context.result.judgement.seed,
                             context.request) +
              ")\n";
    }
  }
  return text;
}

std::string next_text(const Context& context) {
  const std::string command = context.tree.command();
  const std::string next(tr("Next: ", "下一步："));
  const auto& cases = context.result.judgement.cases;
  const auto open = std::find_if(cases.begin(), cases.end(), [](const CaseResult& one) {
    return one.status == Status::failed || one.status == Status::todo;
  });
  if (open != cases.end())
    return next +
           (context.request.server.empty() ? context.lab.starter().string() + tr("; ", "；") : "") +
           tr("a hint: ", "提示：") + command + " hint " + context.lab.number + " " + open->of.id +
           "\n";
  if (context.result.judgement.not_judged() > 0)
    return next + tr("check again; what was not judged costs nothing\n",
                     "请再检查一次；未评判的用例不扣分\n");
  if (!context.request.server.empty()) return tr("Nothing is left to do.\n", "没有遗留问题。\n");
  if (!context.request.cases.empty()) return next + command + " check " + context.lab.number + "\n";
  if (const Lab* lab = next_lab(context.labs, context.lab); lab != nullptr)
    return next + tr("lab ", "实验 ") + lab->number + " " + lab->title.text() + ": " +
           page_to_read(context.tree, *lab) + ", " + lab->starter().string() + "\n";
  return next + tr("that was the last lab. Well done.\n", "这是最后一个实验，做得好！\n");
}

}  // namespace

const Lab* next_lab(const std::vector<Lab>& labs, const Lab& lab) {
  for (std::size_t i = 0; i + 1 < labs.size(); ++i)
    if (labs[i].number == lab.number) return &labs[i + 1];
  return nullptr;
}

std::string replay_command(const Tree& tree, const Lab& lab, const CaseResult& result,
                           std::uint64_t seed, const CheckRequest& request) {
  return tree.command() + " check " + lab.number +
         (request.server.empty() ? "" : " --server " + shell_quoted(request.server)) + " --case " +
         result.of.id + " --seed " + std::to_string(seed) + (request.sanitized ? " --san" : "");
}

std::vector<std::string> story_lines(const CaseStory& story) {
  std::vector<std::string> lines;
  if (!story.input.empty())
    append(lines, tr("input", "输入"),
           (story.input_number ? "#" + std::to_string(*story.input_number + 1) + ": " : "") +
               story.input);
  const std::size_t left_out =
      story.steps.size() > most_steps ? story.steps.size() - most_steps : 0;
  if (left_out > 0)
    lines.push_back(tr("          (" + std::to_string(left_out) + " steps before these)",
                       "          （此前还有 " + std::to_string(left_out) + " 步）"));
  for (std::size_t i = left_out; i < story.steps.size(); ++i)
    append(lines, i == left_out ? tr("steps", "步骤") : "",
           std::to_string(i + 1) + ". " + story.steps[i]);
  append(lines, tr("failed", "不成立"), story.failed);
  append(lines, tr("expected", "期望"), story.expected);
  append(lines, tr("got", "得到"), story.got);
  return lines;
}

std::string report_text(const Tree& tree, const std::vector<Lab>& labs, const Lab& lab,
                        const CheckRequest& request, const CheckResult& result) {
  const Context context{tree, labs, lab, request, result};
  if (!result.built)
    return heading(coloured(Colour::red, tr("The build failed:", "构建失败："))) +
           result.build_output;
  std::string text = heading(tr("Lab ", "实验 ") + lab.number + "  " + lab.title.text());
  if (result.practised) text += practice_text(result.practice);
  text += stories_text(context);
  if (!text.ends_with("\n\n")) text += '\n';
  text += points_table(context);
  const Judgement& judgement = result.judgement;
  std::string total = tr("Total: ", "总分：") + std::to_string(judgement.score()) + "/" +
                      std::to_string(judgement.possible());
  if (judgement.not_judged() > 0)
    total += tr("; not judged: ", "；未评判：") + std::to_string(judgement.not_judged());
  text += coloured(judgement.full() ? Colour::green : Colour::bold, total) +
          tr("  (seed ", "（种子 ") + std::to_string(judgement.seed) + tr(")\n", "）\n");
  return text + next_text(context);
}

json report_json(const Lab& lab, const CheckResult& result) {
  json report = {{"lab", lab.number},
                 {"seed", result.judgement.seed},
                 {"score", result.judgement.score()},
                 {"possible", result.built ? result.judgement.possible() : lab.possible()},
                 {"not_judged", result.judgement.not_judged()},
                 {"cases", json::array()},
                 {"build", result.built ? "ok" : "failed"},
                 {"build_output", result.build_output}};
  for (const CaseResult& one : result.judgement.cases) report["cases"].push_back(to_json(one));
  if (!result.practised) return report;
  report["practice"] = json::array();
  for (const PracticeTest& test : result.practice.tests)
    report["practice"].push_back(
        {{"name", test.name}, {"status", test.status}, {"story", test.story}});
  return report;
}

}  // namespace dialtone
