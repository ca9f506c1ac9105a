// The raw functions on victims and armed plans of lib/native-binding.ts.

#include "victim_functions.h"

#include <utility>
#include <vector>

#include "clock.h"
#include "environment.h"
#include "translate.h"

namespace spillway {

namespace {

Environment* environment_of(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<Environment>();
}

// Of a watch or a victim. What is no id names none.
uint64_t id_of(const Napi::Value& value) {
  return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
}

// openVictim(directory): id | failure
Napi::Value open_victim(const Napi::CallbackInfo& info) {
  const Result<VictimId> id = environment_of(info)->victims().open(
      info[0].As<Napi::String>().Utf8Value());
  if (const Failure* failure = failure_of(id)) {
    return to_js(info.Env(), *failure);
  }
  return Napi::Number::New(info.Env(),
                           static_cast<double>(std::get<VictimId>(id)));
}

// holdVictim(victim, pidfd): undefined | failure
Napi::Value hold_victim(const Napi::CallbackInfo& info) {
  const auto victim = environment_of(info)->victims().find(id_of(info[0]));
  if (victim == nullptr) return info.Env().Undefined();
  const auto failure = victim->hold(info[1].As<Napi::Number>().Int32Value());
  if (failure.has_value()) return to_js(info.Env(), *failure);
  return info.Env().Undefined();
}

// killVictim(victim): undefined
Napi::Value kill_victim(const Napi::CallbackInfo& info) {
  environment_of(info)->victims().kill(id_of(info[0]));
  return info.Env().Undefined();
}

// victimState(victim): { claim, watch?, failure? }
Napi::Value victim_state(const Napi::CallbackInfo& info) {
  const auto victim = environment_of(info)->victims().find(id_of(info[0]));
  Napi::Object state = Napi::Object::New(info.Env());
  const Victim::Claim claim =
      victim == nullptr ? Victim::Claim{} : victim->claim();
  switch (claim.by) {
    case Victim::Claimant::kNobody:
      state.Set("claim", "free");
      break;
    case Victim::Claimant::kJavaScript:
      state.Set("claim", "javascript");
      break;
    case Victim::Claimant::kNative:
      state.Set("claim", "native");
      state.Set("watch", static_cast<double>(claim.watch));
  }
  if (victim == nullptr) return state;
  if (const auto failure = victim->last_failure()) {
    state.Set("failure", to_js(info.Env(), *failure));
  }
  return state;
}

// closeVictim(victim): undefined
Napi::Value close_victim(const Napi::CallbackInfo& info) {
  environment_of(info)->close_victim(id_of(info[0]));
  return info.Env().Undefined();
}

// disarmPlan(watch): undefined
Napi::Value disarm_plan(const Napi::CallbackInfo& info) {
  environment_of(info)->change_plan(
      id_of(info[0]), [](Takeover& takeover) { takeover.disarm(); });
  return info.Env().Undefined();
}

// armPlan(watch, { victims, takeoverMs, victimTimeoutMs }): undefined
Napi::Value arm_plan(const Napi::CallbackInfo& info) {
  Environment* const environment = environment_of(info);
  const auto options = info[1].As<Napi::Object>();
  Plan plan;
  plan.takeover_ns = duration_ns(options.Get("takeoverMs"));
  if (plan.takeover_ns == kForeverNs) return disarm_plan(info);
  plan.victim_timeout_ns = duration_ns(options.Get("victimTimeoutMs"));
  plan.sink = environment->victims().killer();
  const auto ids = options.Get("victims").As<Napi::Array>();
  plan.ranked.reserve(ids.Length());
  for (uint32_t index = 0; index < ids.Length(); ++index) {
    auto victim = environment->victims().find(id_of(ids.Get(index)));
    if (victim != nullptr) plan.ranked.push_back(std::move(victim));
  }
  environment->change_plan(id_of(info[0]), [&plan](Takeover& takeover) {
    takeover.arm(std::move(plan), monotonic_ns());
  });
  return info.Env().Undefined();
}

// leasePlan(watch): epoch
Napi::Value lease_plan(const Napi::CallbackInfo& info) {
  uint64_t epoch = 0;
  environment_of(info)->change_plan(
      id_of(info[0]),
      [&epoch](Takeover& takeover) { epoch = takeover.lease(monotonic_ns()); });
  return Napi::Number::New(info.Env(), static_cast<double>(epoch));
}

// releasePlan(watch): undefined
Napi::Value release_plan(const Napi::CallbackInfo& info) {
  environment_of(info)->change_plan(id_of(info[0]), [](Takeover& takeover) {
    takeover.release(monotonic_ns());
  });
  return info.Env().Undefined();
}

// claimVictim(watch, victim, epoch): 'claimed' | 'taken' | 'changed'
Napi::Value claim_victim(const Napi::CallbackInfo& info) {
  Environment* const environment = environment_of(info);
  const auto victim = environment->victims().find(id_of(info[1]));
  ClaimResult result = ClaimResult::kTaken;
  if (victim != nullptr &&
      !environment->change_plan(id_of(info[0]), [&](Takeover& takeover) {
        result = takeover.claim(victim.get(), id_of(info[2]), monotonic_ns());
      })) {
    // Nobody else knows of this watch any more.
    if (victim->claim_for_javascript(monotonic_ns())) {
      result = ClaimResult::kClaimed;
    }
  }
  switch (result) {
    case ClaimResult::kClaimed:
      return Napi::String::New(info.Env(), "claimed");
    case ClaimResult::kChanged:
      return Napi::String::New(info.Env(), "changed");
    case ClaimResult::kTaken:
      break;
  }
  return Napi::String::New(info.Env(), "taken");
}

// takeKills(watch): kill[]
Napi::Value take_kills(const Napi::CallbackInfo& info) {
  std::vector<PlannedKill> kills;
  environment_of(info)->change_plan(
      id_of(info[0]), [&kills](Takeover& takeover) {
        kills = takeover.take_kills(monotonic_ns());
      });
  Napi::Array result = Napi::Array::New(info.Env(), kills.size());
  for (uint32_t index = 0; index < kills.size(); ++index) {
    result.Set(index, to_js(info.Env(), kills[index]));
  }
  return result;
}

}  // namespace

void add_victim_functions(Napi::Env env, Napi::Object exports) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)>
      functions[] = {
          {"openVictim", open_victim},   {"holdVictim", hold_victim},
          {"killVictim", kill_victim},   {"victimState", victim_state},
          {"closeVictim", close_victim}, {"armPlan", arm_plan},
          {"disarmPlan", disarm_plan},   {"leasePlan", lease_plan},
          {"releasePlan", release_plan}, {"claimVictim", claim_victim},
          {"takeKills", take_kills},
      };
  for (const auto& [name, function] : functions) {
    exports.Set(name, Napi::Function::New(env, function, name));
  }
}

}  // namespace spillway
