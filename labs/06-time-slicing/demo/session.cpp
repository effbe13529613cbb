#include "session.hpp"

#include "language.hpp"

namespace time_slicing_demo {
namespace {

using dialtone::tr;
using namespace simulation;

std::size_t at(int number) {
  return static_cast<std::size_t>(number);
}

/// Keeps pieces and, where asked, words.
class Keeper final : public Observer {
 public:
  Keeper(Recording& recording, Decisions* decisions)
      : recording_(recording), decisions_(decisions) {}

  void happened(const Event& event, const ProcessControlBlock& process,
                const Policy& policy) override {
    recording_.happened(event, process, policy);
    if (decisions_ != nullptr) decisions_->happened(event, process, policy);
  }
  void ran(int core, int pid, Time start, Time end) override {
    recording_.ran(core, pid, start, end);
  }
  void switched(int core, Time start, Time end) override { recording_.switched(core, start, end); }
  void served(int device, int pid, Time start, Time end) override {
    recording_.served(device, pid, start, end);
  }

 private:
  Recording& recording_;
  Decisions* decisions_;
};

}  // namespace

Decisions::Decisions(const Deck& deck, const Choice& choice, int cores)
    : deck_(deck), choice_(choice), cores_(cores) {}

std::string Decisions::name(int pid) const {
  return deck_.workload.jobs[at(pid)].name;
}

std::string Decisions::core(int number) const {
  return cores_ == 1 ? std::string() : "CPU " + std::to_string(number) + tr(": ", "：");
}

/// What the policy says of it; of the student's two policies, what their counters say.
std::string Decisions::standing(const ProcessControlBlock& process, const Policy& policy) const {
  if (std::string told = policy.standing(process); !told.empty()) return told;
  const std::string kind = choice_.name.substr(0, choice_.name.find(':'));
  const std::string left = std::to_string(process.quantum_left);
  if (kind == "rr") return left + tr(" left of its quantum", " 个时间片刻度未用");
  if (kind == "mlfq")
    return tr("level ", "第 ") + std::to_string(process.level) + tr(", ", " 级，余 ") + left +
           tr(" left of its quantum", " 个时间片刻度");
  return {};
}

void Decisions::happened(const Event& event, const ProcessControlBlock& process,
                         const Policy& policy) {
  if (lines_.size() >= most_decisions) return;
  const auto say = [&](const std::string& text) { lines_.push_back({event.time, text}); };
  const std::string who = event.pid < 0 ? std::string() : name(event.pid);
  switch (event.what) {
    case Happening::arrived:
      say(who + tr(" arrives", " 到达"));
      break;
    case Happening::admitted:
      say(who + tr(" gets its memory", " 得到内存"));
      break;
    case Happening::woke:
      say(who + tr(" wakes: ", " 醒来：") + deck_.devices[at(event.other)].name +
          tr(" is done", " 完成"));
      break;
    case Happening::dispatched: {
      const std::string told = standing(process, policy);
      std::string text = core(event.core) + who + tr(" runs: ", " 运行：") + choice_.rule;
      if (!told.empty()) text += tr(" (", "（") + told + tr(")", "）");
      if (const std::size_t waiting = policy.ready(); waiting == 0)
        text += tr("; nobody else is ready", "；没有别的就绪者");
      else
        text += tr("; ", "；另有 ") + std::to_string(waiting) +
                (waiting == 1 ? tr(" other waits", " 个在等") : tr(" others wait", " 个在等"));
      say(text);
      break;
    }
    case Happening::expired:
      say(core(event.core) + who +
          tr(" has used up its turn and goes back", " 用完时间片，回到队列"));
      break;
    case Happening::preempted:
      say(core(event.core) + who +
          (event.other < 0 ? tr(" is put back for the boost", " 因提升而放回队列")
                           : tr(" loses the core to ", " 被抢占，让给 ") + name(event.other) +
                                 tr(", who is more urgent", "：它更急")));
      break;
    case Happening::blocked:
      say(core(event.core) + who + tr(" blocks: it waits for ", " 阻塞：等待 ") +
          deck_.devices[at(event.other)].name);
      break;
    case Happening::finished:
      say((event.core < 0 ? std::string() : core(event.core)) + who + tr(" ends", " 结束"));
      break;
    case Happening::stolen:
      say(core(event.core) + tr("idle, so it takes ", "空闲，于是把 ") + who +
          tr(" over from the queue of CPU ", " 从这个核的队列拿来：CPU ") +
          std::to_string(event.other));
      break;
    case Happening::boosted:
      say(tr("boost: all are at the highest level again", "提升：全部回到最高级"));
      break;
  }
}

Run play(const Deck& deck, const Choice& choice, Options options, bool explain) {
  Run run{choice, {}, {}, {}, {}, {}, {}};
  options.devices = deck.devices;
  Recording recording(deck.workload, options);
  Decisions decisions(deck, run.choice, options.cores);
  Keeper keeper(recording, explain ? &decisions : nullptr);
  options.observer = &keeper;
  run.figures = simulation::run(deck.workload, choice.make, options);
  run.summary = summarise(run.figures);
  run.by_core = recording.by_core();
  run.by_process = recording.by_process();
  run.by_device = recording.by_device();
  for (Timeline* timeline : {&run.by_core, &run.by_process, &run.by_device})
    timeline->unit = tr("tick", "刻");
  run.decisions = decisions.lines();
  return run;
}

}  // namespace time_slicing_demo
