{
  "variables": {
    "core_sources": [
      "native/core/attribute.cc",
      "native/core/call_filter.cc",
      "native/core/cgroup_events.cc",
      "native/core/flat_keyed.cc",
      "native/core/gauge.cc",
      "native/core/held_file.cc",
      "native/core/inotify.cc",
      "native/core/kernel_file.cc",
      "native/core/kill_choice.cc",
      "native/core/killer.cc",
      "native/core/meminfo.cc",
      "native/core/memory_events.cc",
      "native/core/memory_files.cc",
      "native/core/memory_level.cc",
      "native/core/memory_place.cc",
      "native/core/memory_pressure.cc",
      "native/core/memory_usage.cc",
      "native/core/memory_v1.cc",
      "native/core/memory_watch.cc",
      "native/core/memory_watch_open.cc",
      "native/core/memory_watch_takeover.cc",
      "native/core/page_allocations.cc",
      "native/core/populated_watch.cc",
      "native/core/pressure_trigger.cc",
      "native/core/pressure_watch.cc",
      "native/core/process.cc",
      "native/core/process_memory.cc",
      "native/core/process_watch.cc",
      "native/core/reactor.cc",
      "native/core/reactor_thread.cc",
      "native/core/resident_code.cc",
      "native/core/sample_interval.cc",
      "native/core/shortness.cc",
      "native/core/stall_window.cc",
      "native/core/takeover.cc",
      "native/core/thread_priority.cc",
      "native/core/threshold_rule.cc",
      "native/core/threshold_watch.cc",
      "native/core/trigger_file.cc",
      "native/core/usage_meter.cc",
      "native/core/usage_watch.cc",
      "native/core/victim.cc",
      "native/core/victim_queue.cc",
    ],
    "addon_sources": [
      "native/addon/addon.cc",
      "native/addon/environment.cc",
      "native/addon/process_functions.cc",
      "native/addon/translate.cc",
      "native/addon/translate_pressure.cc",
      "native/addon/translate_threshold.cc",
      "native/addon/translate_usage.cc",
      "native/addon/victim_functions.cc",
      "native/addon/victims.cc",
    ],
  },
  "targets": [
    {
      "target_name": "spillway",
      # Elsewhere than on Linux nothing is built, and isSupported() says so.
      "conditions": [
        ["OS!='linux'", { "type": "none" }],
        ["OS=='linux'", {
          "sources": ["<@(core_sources)", "<@(addon_sources)"],
          "include_dirs": ["native/core"],
          "dependencies": [
            "<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except",
          ],
          "defines": [
            "NAPI_VERSION=8",
            # A terminated worker must not abort the process.
            "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
          ],
          "cflags_cc": [
            "-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden",
          ],
          "cflags_cc!": ["-std=gnu++17", "-fno-exceptions"],
          # A thread that is stuck in the kernel may outlive its environment:
          # its code must stay when Node unloads the addon.
          # And the first kill must not look up functions: the tables for that
          # may have to be read from disk, while memory is short.
          "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,now"],
        }],
      ],
    },
    {
      "target_name": "spillway-launch",
      "conditions": [
        ["OS!='linux'", { "type": "none" }],
        ["OS=='linux'", {
          "type": "executable",
          "sources": ["native/launcher/spillway_launch.c"],
          "cflags_c": ["-std=c17", "-Wall", "-Wextra"],
          # Node's own flags make every object position independent for the
          # .node; a static program needs none of that.
          "ldflags": ["-static"],
        }],
      ],
    },
  ],
}
