// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"strings"
)

// readGitHub reads what GitHub Actions states.
//
// See https://docs.github.com/en/actions/reference/workflows-and-actions/variables
func readGitHub(e *environment) CI {
	server := strings.TrimRight(e.must("GITHUB_SERVER_URL", checkAddress), "/")
	repository := e.must("GITHUB_REPOSITORY", func(s string) error {
		owner, name, ok := strings.Cut(s, "/")
		if !ok || owner == "" || name == "" || checkName(owner) != nil || checkName(name) != nil {
			return errors.New("it is not OWNER/NAME")
		}
		return nil
	})
	run := server + "/" + repository + "/actions/runs/" + e.must("GITHUB_RUN_ID", checkNumber)
	if attempt := e.get("GITHUB_RUN_ATTEMPT", checkNumber); attempt != "" {
		run += "/attempts/" + attempt
	}
	builder := "https://github.com/actions/runner"
	if kind := e.get("RUNNER_ENVIRONMENT", checkName); kind != "" {
		builder += "/" + kind
	}
	return CI{
		Service:  GitHubActions,
		Source:   server + "/" + repository,
		Ref:      e.get("GITHUB_REF", checkRef),
		Revision: e.must("GITHUB_SHA", checkCommit),
		Workflow: e.get("GITHUB_WORKFLOW_REF", anyText),
		Run:      run,
		Builder:  builder,
		Details: e.details(map[string]string{
			"event":             "GITHUB_EVENT_NAME",
			"job":               "GITHUB_JOB",
			"repositoryID":      "GITHUB_REPOSITORY_ID",
			"repositoryOwnerID": "GITHUB_REPOSITORY_OWNER_ID",
			"workflowRevision":  "GITHUB_WORKFLOW_SHA",
		}),
	}
}
