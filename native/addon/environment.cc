#include "environment.h"

#include <utility>

#include "translate.h"

namespace spillway {

namespace {

napi_value key_of(napi_env env, SourceId id) {
  napi_value key = nullptr;
  napi_create_double(env, static_cast<double>(id), &key);
  return key;
}

}  // namespace

void Environment::open_way_back() {
  if (way_back_ != nullptr) return;
  callbacks_ = Napi::Persistent(Napi::Object::New(env_));
  // A queue of one is enough: the reactor pokes again only after deliver().
  way_back_ = ThreadSafeFunction::New(env_, "spillway", /*maxQueueSize=*/1,
                                      /*initialThreadCount=*/1, this);
  way_back_.Unref(env_);
  // After the function, so that it runs before the function's own hook: the
  // thread must be gone while there is still something to call.
  napi_add_env_cleanup_hook(
      env_, [](void* self) { static_cast<Environment*>(self)->close(); }, this);
}

Result<SourceId> Environment::watch(
    Watch watch, const Napi::Function& callback, bool keep_alive,
    std::unique_ptr<Napi::ObjectReference> memory) {
  open_way_back();
  if (reactor_ == nullptr) {
    Result<std::unique_ptr<Reactor>> started = Reactor::start(this);
    if (const Failure* failure = failure_of(started)) return *failure;
    reactor_ = std::move(std::get<std::unique_ptr<Reactor>>(started));
  }
  const Result<SourceId> id = std::visit(
      [this](const auto& source) { return reactor_->add(source); }, watch);
  if (failure_of(id) != nullptr) {
    if (entries_.empty()) reactor_.reset();
    return id;
  }
  if (keep_alive && keep_alive_count_++ == 0) way_back_.Ref(env_);
  set_callback(std::get<SourceId>(id), callback);
  entries_.emplace(std::get<SourceId>(id),
                   Entry{std::move(watch), keep_alive, std::move(memory)});
  return id;
}

void Environment::unwatch(SourceId id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  if (entry->second.keep_alive && --keep_alive_count_ == 0) {
    way_back_.Unref(env_);
  }
  // First: afterwards the memory that it writes to may be gone.
  reactor_->remove(id);
  entries_.erase(entry);
  drop_callback(id);
  if (entries_.empty()) reactor_.reset();
}

void Environment::look_now(const std::string& directory) {
  for (const auto& [id, entry] : entries_) {
    const auto* watch = std::get_if<std::shared_ptr<MemoryWatch>>(&entry.watch);
    if (watch != nullptr && (*watch)->directory() == directory) {
      reactor_->look_now(id);
    }
  }
}

void Environment::set_callback(SourceId id, napi_value callback) {
  napi_set_property(env_, callbacks_.Value(), key_of(env_, id), callback);
}

void Environment::drop_callback(SourceId id) {
  napi_delete_property(env_, callbacks_.Value(), key_of(env_, id), nullptr);
}

napi_value Environment::callback_of(SourceId id) const {
  napi_value callback = nullptr;
  napi_get_property(env_, callbacks_.Value(), key_of(env_, id), &callback);
  return callback;
}

MemoryWatch* Environment::memory_watch(SourceId id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return nullptr;
  const auto* watch =
      std::get_if<std::shared_ptr<MemoryWatch>>(&entry->second.watch);
  return watch == nullptr ? nullptr : watch->get();
}

bool Environment::change_plan(SourceId watch,
                              const std::function<void(Takeover&)>& change) {
  MemoryWatch* const source = memory_watch(watch);
  if (source == nullptr) return false;
  {
    const auto lock = reactor_->lock();
    change(source->takeover());
  }
  reactor_->reschedule(watch);
  return true;
}

void Environment::close_victim(VictimId id) {
  for (const auto& [watch, entry] : entries_) {
    change_plan(watch, [id](Takeover& takeover) { takeover.forget(id); });
  }
  victims_.close(id);
}

void Environment::close() {
  closed_ = true;
  reactor_.reset();
  entries_.clear();
  callbacks_.Reset();
  victims_.close_all();
}

bool Environment::poke() { return way_back_.NonBlockingCall() == napi_ok; }

void Environment::call_js(Napi::Env env, Napi::Function /*none*/,
                          Environment* environment, void* /*none*/) {
  // Without an env this is the queue being emptied at the end: `environment`
  // may be gone.
  if (static_cast<napi_env>(env) == nullptr) return;
  environment->deliver();
}

void Environment::deliver() {
  if (closed_ || reactor_ == nullptr) return;
  for (const SourceId id : reactor_->take_ready()) {
    // A callback may stop any watch, the last one included.
    if (!deliver(id)) return;
  }
}

// False when JavaScript cannot run any more.
bool Environment::deliver(SourceId id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return true;
  const Napi::HandleScope scope(env_);
  const bool tells_once = std::holds_alternative<std::shared_ptr<ProcessWatch>>(
      entry->second.watch);
  napi_value report = nullptr;
  try {
    report = std::visit(
        [this](const auto& watch) -> napi_value {
          auto lock = reactor_->lock();
          const auto taken = watch->take();
          lock.unlock();
          return to_js(env_, taken);
        },
        entry->second.watch);
  } catch (const Napi::Error&) {
    return false;  // no object could be made: the environment is ending
  }
  const napi_value receiver = env_.Undefined();
  // The raw call: Function::Call throws, and a terminated worker would turn
  // that into an abort.
  const napi_status status =
      napi_call_function(env_, receiver, callback_of(id), 1, &report, nullptr);
  napi_value exception = nullptr;
  // First: while one is pending, nothing else can be done with JavaScript.
  const bool threw =
      status == napi_pending_exception &&
      napi_get_and_clear_last_exception(env_, &exception) == napi_ok;
  // After the call, which may start the next watch: the thread is then kept.
  if (tells_once) unwatch(id);
  if (status == napi_ok) return true;
  return threw && napi_fatal_exception(env_, exception) == napi_ok;
}

}  // namespace spillway
