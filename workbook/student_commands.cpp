#include "student_commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "pristine.hpp"
#include "report.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

void print_json(const json& document) {
  std::cout << document.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
}

/// The first lab without all its points, or null.
const Lab* first_open(const std::vector<Lab>& labs, const Progress& progress) {
  for (const Lab& lab : labs)
    if (progress.of(lab.number).points < lab.possible()) return &lab;
  return nullptr;
}

bool is_passed(const LabProgress& run, const std::string& case_id) {
  return std::find(run.passed.begin(), run.passed.end(), case_id) != run.passed.end();
}

json status_json(const Tree& tree, const std::vector<Lab>& labs, const Progress& progress) {
  json report = {{"labs", json::array()}, {"next", nullptr}};
  for (const Lab& lab : labs) {
    const LabProgress run = progress.of(lab.number);
    report["labs"].push_back({{"number", lab.number},
                              {"name", lab.name},
                              {"title", lab.title.text()},
                              {"points", run.points},
                              {"possible", lab.possible()},
                              {"passed", run.passed},
                              {"edit", lab.starter().string()},
                              {"read", page_to_read(tree, lab)},
                              {"seed", run.seed},
                              {"date", run.date},
                              {"gave_up", progress.gave_up(lab.number)}});
  }
  if (const Lab* next = first_open(labs, progress); next != nullptr)
    report["next"] = {{"lab", next->number},
                      {"command", tree.command() + " check " + next->number}};
  return report;
}

}  // namespace

void record_progress(const fs::path& file, const Lab& lab, const CheckResult& result) {
  LabProgress run;
  run.name = lab.name;
  run.points = result.judgement.score();
  run.seed = result.judgement.seed;
  run.date = today();
  for (const CaseResult& one : result.judgement.cases)
    if (one.status == Status::passed) run.passed.push_back(one.of.id);
  Progress progress = Progress::read(file);
  if (progress.record(lab.number, run)) progress.write(file);
}

int status_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Progress progress = Progress::read(progress_file(tree, options.progress));
  if (options.json) {
    print_json(status_json(tree, labs, progress));
    return exit_success;
  }
  Table table({tr("Lab", "实验"), tr("Title", "标题"), tr("Points", "分数"), tr("Edit", "编辑"),
               tr("Read", "阅读")},
              {2});
  for (const Lab& lab : labs) {
    const LabProgress run = progress.of(lab.number);
    table.add({lab.number, lab.title.text(),
               std::to_string(run.points) + "/" + std::to_string(lab.possible()) +
                   (progress.gave_up(lab.number) ? "*" : ""),
               lab.starter().string(), page_to_read(tree, lab)});
  }
  // Paths are to be copied from here: they are not clipped.
  std::cout << table.text(std::max<std::size_t>(terminal_columns(), 200));
  if (std::any_of(labs.begin(), labs.end(),
                  [&](const Lab& one) { return progress.gave_up(one.number); }))
    std::cout << tr("* the solution was shown\n", "* 已看过参考解答\n");
  if (const Lab* next = first_open(labs, progress); next != nullptr)
    std::cout << '\n'
              << tr("Next: read ", "下一步：阅读 ") << page_to_read(tree, *next)
              << tr(", edit ", "，编辑 ") << next->starter().string() << tr(", then: ", "，然后：")
              << tree.command() << " check " << next->number << '\n';
  else
    std::cout << tr("\nAll labs are done.\n", "\n所有实验都已完成。\n");
  return exit_success;
}

namespace {

CheckRequest request_of(const Options& options, const Lab& lab) {
  CheckRequest request;
  request.seed = options.seed.value_or(fresh_seed());
  request.sanitized = options.sanitized;
  request.server = options.server;
  if (!options.case_id.empty()) request.cases = {lab.find_case(options.case_id).id};
  return request;
}

}  // namespace

int check_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Lab& lab = find_lab(labs, options.lab);
  const CheckRequest request = request_of(options, lab);
  if (!request.server.empty() && (!lab.is_capstone() || request.sanitized))
    throw UsageFailure(tr("--server COMMAND is for `check ftp`, without --san",
                          "--server COMMAND 只用于 `check ftp`，且不带 --san"));
  const CheckResult result =
      request.server.empty() ? check_starter(tree, lab, request) : check_server(tree, lab, request);
  if (result.built && result.judgement.cases.empty())
    throw UsageFailure(
        tr("this case needs options that only the given program has: without "
           "--server it is judged",
           "这个用例需要只有给定程序才有的选项：不带 --server 才能评判"));
  if (options.json)
    print_json(report_json(lab, result));
  else
    std::cout << report_text(tree, labs, lab, request, result) << std::flush;
  // One case alone is a replay: the record is of whole runs, and of the student's own file.
  if (result.built && request.cases.empty() && request.server.empty())
    record_progress(progress_file(tree, options.progress), lab, result);
  return result.passed() ? exit_success : exit_failure;
}

int judge_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Lab& lab = find_lab(labs, options.lab);
  const CheckRequest request = request_of(options, lab);
  const CheckResult result = check_file(tree, lab, options.file, request);
  if (options.json)
    print_json(report_json(lab, result));
  else
    std::cout << report_text(tree, labs, lab, request, result);
  return result.passed() ? exit_success : exit_failure;
}

std::string next_hint(const fs::path& file, const Lab& lab, std::string case_id) {
  Progress progress = Progress::read(file);
  if (case_id.empty()) {
    const LabProgress run = progress.of(lab.number);
    for (const LabCase& one : lab.cases)
      if (case_id.empty() && !is_passed(run, one.id)) case_id = one.id;
    if (case_id.empty())
      return tr("every case of this lab has passed: no hint is needed\n",
                "本实验的用例都已通过，不需要提示\n");
  }
  const LabCase& one = lab.find_case(case_id);
  const auto known = static_cast<std::size_t>(progress.hints_shown(lab.number, case_id));
  const std::size_t shown = std::min(known + 1, one.hints.size());
  std::string text = coloured(Colour::bold, one.id) + "  " + one.title.text() + "\n";
  for (std::size_t i = 0; i < shown; ++i)
    text += std::to_string(i + 1) + "/" + std::to_string(one.hints.size()) + "  " +
            one.hints[i].text() + "\n";
  if (known >= one.hints.size()) text += tr("That was the last hint.\n", "没有更多提示了。\n");
  if (shown != known) {
    progress.set_hints_shown(lab.number, case_id, static_cast<unsigned>(shown));
    progress.write(file);
  }
  return text;
}

int hint_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Lab& lab = find_lab(labs, options.lab);
  std::cout << next_hint(progress_file(tree, options.progress), lab, options.case_id);
  return exit_success;
}

std::string reset_and_say(const Tree& tree, const Lab& lab) {
  const std::string file = lab.starter().string();
  const bool changed =
      !fs::exists(tree.root / file) || read_file(tree.root / file) != pristine_text(tree, lab);
  if (!changed) return file + tr(" is as it shipped already\n", " 已经是原始内容\n");
  const fs::path backup = reset_starter(tree, lab);
  std::string text = file + tr(" is as it shipped again", " 已恢复为原始内容");
  if (!backup.empty()) text += tr("; your text is in ", "；你的代码保存在 ") + tree.shown(backup);
  return text + "\n";
}

int reset_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Lab& lab = find_lab(labs, options.lab);
  if (!options.yes) {
    if (isatty(STDIN_FILENO) != 1)
      throw UsageFailure(tr("reset asks first, but there is no terminal: add --yes to go ahead",
                            "reset 需要先确认，但这里没有终端：加 --yes 以继续"));
    std::cout << tr("Restore ", "恢复 ") << lab.starter().string()
              << tr(" as it shipped (your text is kept as a backup)? [y/N] ",
                    " 的原始内容（你的代码会另存备份）？[y/N] ")
              << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") {
      std::cout << tr("nothing was changed\n", "没有做任何改动\n");
      return exit_failure;
    }
  }
  std::cout << reset_and_say(tree, lab);
  return exit_success;
}

int solution_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Lab& lab = find_lab(labs, options.lab);
  const fs::path file = tree.root / lab.solution();
  if (!fs::exists(file))
    throw Failure(tr("this tree holds no solutions (", "本目录中没有参考解答（") +
                  lab.solution().string() + tr(" is absent)", " 不存在）"));
  const fs::path kept = progress_file(tree, options.progress);
  Progress progress = Progress::read(kept);
  const unsigned points = progress.of(lab.number).points;
  if (points < lab.possible()) {
    if (!options.give_up && !progress.gave_up(lab.number))
      throw Failure(tr("lab " + lab.number + " has " + std::to_string(points) + " of " +
                           std::to_string(lab.possible()) +
                           " points: its solution is shown at full points, or with --give-up",
                       "实验 " + lab.number + " 目前 " + std::to_string(points) + "/" +
                           std::to_string(lab.possible()) +
                           " 分：满分后才显示参考解答，或者加 --give-up"));
    progress.give_up(lab.number);
    progress.write(kept);
  }
  std::cout << read_file(file);
  return exit_success;
}

int pristine_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  std::cout << pristine_text(tree, find_lab(labs, options.lab));
  return exit_success;
}

}  // namespace dialtone
