// `demo`: the workbook played from end to end, with a table of what came of each part.
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>

#include "command_line.hpp"
#include "commands.hpp"
#include "compiler_output.hpp"
#include "judgement.hpp"
#include "language.hpp"
#include "recipe.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds demo_time{60};

/// How one part of the demo went.
struct Verdict {
  bool ok;
  std::string text;
};

class Playbill {
 public:
  /// Plays a part; what it throws is its failure, and the other parts go on.
  void play(const std::string& name, const std::function<Verdict()>& part) {
    std::cout << '\n' << coloured(Colour::bold, "== " + name) << std::endl;
    const auto start = std::chrono::steady_clock::now();
    Verdict verdict{false, ""};
    try {
      verdict = part();
    } catch (const std::exception& failure) {
      std::cout << failure.what() << '\n';
      verdict.text = lines_of(failure.what()).front();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f", took.count());
    all_ok_ = all_ok_ && verdict.ok;
    table_.add({name,
                verdict.ok ? coloured(Colour::green, tr("ok", "成功"))
                           : coloured(Colour::red, tr("FAILED", "失败")),
                verdict.text, seconds});
  }

  int close() const {
    std::cout << '\n' << table_.text();
    return all_ok_ ? exit_success : exit_failure;
  }

 private:
  Table table_{
      {tr("Part", "部分"), tr("Result", "结果"), tr("What happened", "说明"), tr("Seconds", "秒")},
      {3}};
  bool all_ok_ = true;
};

/// Runs a demo program with its output shown.
Verdict show(const Tree& tree, const std::vector<std::string>& arguments) {
  std::cout << "$ build/bin/" << join(arguments, " ") << std::endl;
  Command command;
  command.arguments = arguments;
  command.arguments.front() = (tree.build / "bin" / arguments.front()).string();
  command.arguments.emplace_back("--lang");
  command.arguments.push_back(tr("en", "zh"));
  command.directory = tree.root;
  Child child(command);
  const auto ending = child.wait_for(demo_time);
  if (!ending) {
    child.kill_now();
    return {false, tr("did not end in 60 s", "60 秒内没有结束")};
  }
  const bool ok = ending->signal == 0 && ending->exit_code == 0;
  return {ok, ok ? tr("played", "已演示") : describe(*ending)};
}

Verdict grade_reference(const Tree& tree, const Lab& lab) {
  if (!fs::exists(tree.root / lab.solution()))
    return {true, tr("no solution in this tree: skipped", "本目录没有参考解答：跳过")};
  build_or_fail(tree, {lab.identifier() + "_shim_solution", lab.identifier() + "_judge"});
  const Judgement judgement = judge(tree, lab, lab_program(tree, lab, "shim_solution"),
                                    {fresh_seed(), {}, false, judges_for_one_person});
  for (const CaseResult& one : judgement.cases)
    std::cout << (one.status == Status::passed ? "  ok  " : "  --  ") << one.of.id << "  "
              << one.points() << "/" << one.of.points
              << (one.status == Status::passed ? "" : "  " + one.story.failed) << '\n';
  return {judgement.full(),
          std::to_string(judgement.score()) + "/" + std::to_string(judgement.possible()) +
              tr(" points, seed ", " 分，种子 ") + std::to_string(judgement.seed)};
}

Verdict build_site(const Tree& tree) {
  const Outcome outcome = build(tree, {"site"});
  if (outcome.succeeded()) return {true, tree.shown(tree.build / "site" / "index.html")};
  std::cout << build_excerpt(outcome.out + outcome.err);
  return {false, tr("the site was not built", "网站未能构建")};
}

}  // namespace

int demo_command(const Options& /*options*/) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  Playbill bill;
  for (const Lab& lab : labs) {
    const std::string name = tr("lab ", "实验 ") + lab.number + " " + lab.title.text();
    for (const auto& command : lab.demo)
      bill.play(name + ": " + join(command, " "), [&] { return show(tree, command); });
    bill.play(name + tr(": the reference graded", "：批改参考解答"),
              [&] { return grade_reference(tree, lab); });
  }
  bill.play(tr("the site", "网站"), [&] { return build_site(tree); });
  return bill.close();
}

}  // namespace dialtone
