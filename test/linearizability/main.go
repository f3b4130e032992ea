// Checks that a history of requests to the DSS is linearizable: that some order of them, in which none comes before
// another that was answered before it was sent, explains every answer. The search is Porcupine's; the rules of one
// operational intent reference are below.
//
//	linearizability HISTORY.json    exits 1, and says which entity, unless it is
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// One request and its answer, as history.py writes them. Times are nanoseconds of one clock.
type request struct {
	Client int    `json:"client"`
	Sent   int64  `json:"sent"`
	Told   int64  `json:"told"` // 0: never answered
	Entity string `json:"entity"`
	What   string `json:"what"` // create, update, delete, get
	Ovn    string `json:"ovn"`  // given, for update and delete
	Status int    `json:"status"`
	Answer string `json:"answer"` // the OVN answered
}

// What there is of an entity: its OVN, or none. An unanswered write leaves an OVN that nobody knows yet.
type state struct {
	exists bool
	ovn    string
}

const unknown = "?"

func step(s state, r request) []state {
	unanswered := r.Told == 0
	switch r.What {
	case "get":
		if unanswered {
			return []state{s}
		}
		if !s.exists {
			if r.Status == 404 {
				return []state{s}
			}
			return nil
		}
		if r.Status == 200 && (s.ovn == r.Answer || s.ovn == unknown) {
			return []state{{true, r.Answer}}
		}
		return nil
	case "create":
		if unanswered {
			if s.exists {
				return []state{s}
			}
			return []state{{true, unknown}, s}
		}
		if s.exists && r.Status == 409 {
			return []state{s}
		}
		if !s.exists && r.Status == 201 {
			return []state{{true, r.Answer}}
		}
		return nil
	case "update", "delete":
		matches := s.exists && s.ovn == r.Ovn
		after := state{r.What == "update", r.Answer}
		if r.What == "delete" {
			after = state{}
		} else if unanswered {
			after.ovn = unknown
		}
		if unanswered {
			if matches {
				return []state{after, s}
			}
			return []state{s}
		}
		missing := 404
		if r.What == "update" {
			missing = 400
		}
		if !s.exists {
			if r.Status == missing {
				return []state{s}
			}
			return nil
		}
		if matches && r.Status == 200 {
			return []state{after}
		}
		if !matches && r.Status == 409 {
			return []state{s}
		}
		return nil
	}
	panic("no such request: " + r.What)
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var history []request
	if err := json.Unmarshal(text, &history); err != nil {
		fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
		os.Exit(2)
	}
	end := map[string]int64{} // of each entity
	for _, r := range history {
		for _, at := range []int64{r.Sent, r.Told} {
			if at > end[r.Entity] {
				end[r.Entity] = at
			}
		}
	}
	byEntity := map[string][]porcupine.Operation{}
	for _, r := range history {
		told := r.Told
		if told == 0 {
			told = end[r.Entity] + 1 // it may have happened at any time after it was sent
		}
		byEntity[r.Entity] = append(byEntity[r.Entity], porcupine.Operation{ClientId: r.Client, Input: r, Call: r.Sent, Output: r, Return: told})
	}
	model := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{state{}} },
		Step: func(s, input, _ interface{}) []interface{} {
			var next []interface{}
			for _, one := range step(s.(state), input.(request)) {
				next = append(next, one)
			}
			return next
		},
		Equal: func(a, b interface{}) bool { return a == b },
	}
	for entity, operations := range byEntity {
		if result := porcupine.CheckOperationsTimeout(model.ToModel(), operations, time.Minute); result != porcupine.Ok {
			fmt.Printf("entity %s: %v in %d requests\n", entity, result, len(operations))
			os.Exit(1)
		}
	}
	fmt.Printf("%d requests to %d entities: linearizable\n", len(history), len(byEntity))
}
