/* Recording an analysis: commit and branch from the environment of CI systems, the time. */
#include "record.h"

#include <errno.h>
#include <time.h>

/* Variables that hold a commit, and a branch; the first that is set counts. Listed in docs/history.md. Of a pull
 * request, the branch that it comes from. */
static const char *const commit_variables[] = {
    "GITHUB_SHA",          /* GitHub, Gitea, Forgejo */
    "CI_COMMIT_SHA",       /* GitLab, Woodpecker */
    "GIT_COMMIT",          /* Jenkins */
    "BUILD_SOURCEVERSION", /* Azure Pipelines */
    "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
    "CIRCLE_SHA1",
    "TRAVIS_COMMIT",
    "DRONE_COMMIT_SHA",
    "SEMAPHORE_GIT_SHA",
    "APPVEYOR_REPO_COMMIT",
    "CIRRUS_CHANGE_IN_REPO",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    NULL,
};
static const char *const branch_variables[] = {
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_BRANCH",
    "CHANGE_BRANCH",
    "GIT_BRANCH",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH",
    "BUILD_SOURCEBRANCHNAME",
    "BITBUCKET_BRANCH",
    "BUILDKITE_BRANCH",
    "CIRCLE_BRANCH",
    "TRAVIS_PULL_REQUEST_BRANCH",
    "TRAVIS_BRANCH",
    "DRONE_SOURCE_BRANCH",
    "DRONE_BRANCH",
    "SEMAPHORE_GIT_BRANCH",
    "APPVEYOR_REPO_BRANCH",
    "CIRRUS_BRANCH",
    NULL,
};

static const char *first_set(const char *given, const char *const *variables)
{
    for (size_t i = 0; !given && variables[i]; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            given = value;
    }
    return given;
}

/* Whole seconds; false: the text is no such number. */
static bool read_seconds(const char *text, time_t *out)
{
    char *end;
    errno = 0;
    long long seconds = strtoll(text, &end, 10);
    *out = (time_t)seconds;
    return errno == 0 && end > text && !*end && seconds >= 0;
}

bool pj_time_of(const char *given, char text[PJ_TIME_SIZE])
{
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    struct tm parts;
    time_t seconds = time(NULL);
    if (given) {
        snprintf(text, PJ_TIME_SIZE, "%s", given);
        return true;
    }
    bool ok = (!fixed || !*fixed || read_seconds(fixed, &seconds)) && gmtime_r(&seconds, &parts) &&
              strftime(text, PJ_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0 && pj_time_is_valid(text);
    if (!ok)
        pj_say("SOURCE_DATE_EPOCH is '%s': wants seconds since 1970", fixed ? fixed : "");
    return ok;
}

static pj_history_stamp stamp_of(const pj_record_args *record, const char *time)
{
    return (pj_history_stamp){record->model, first_set(record->commit, commit_variables),
                              first_set(record->branch, branch_variables), time, -1};
}

pj_exit pj_record_result(const pj_line *line, const pj_record_args *record, const pj_result *result)
{
    pj_error err = {0};
    char time[PJ_TIME_SIZE] = "";
    pj_history_stamp stamp = stamp_of(record, time);
    stamp.peak_bytes = result->totals.peak_activation_bytes;
    if (!record->model && strcmp(result->model->path, "-") == 0)
        return pj_say_usage(line->command->name,
                            "--record of a model from standard input wants a name: --record-as NAME");
    if (!pj_time_of(record->time, time))
        return PJ_EXIT_USAGE;
    if (pj_history_record(record->file, result, &stamp, &err) != PJ_OK)
        return pj_say_error(&err, record->file);
    return PJ_EXIT_DONE;
}

pj_exit pj_record_energies(const pj_record_args *record, const pj_footprint *footprint)
{
    pj_error err = {0};
    char time[PJ_TIME_SIZE] = "";
    const pj_history_stamp stamp = stamp_of(record, time);
    if (!pj_time_of(record->time, time))
        return PJ_EXIT_USAGE;
    for (size_t i = 0; i < footprint->source_count; i++)
        if (pj_history_record_energy(record->file, &footprint->sources[i], &stamp, &err) != PJ_OK)
            return pj_say_error(&err, err.status == PJ_EFORMAT ? NULL : record->file);
    return PJ_EXIT_DONE;
}
