//! Which nodes of a graph lead to one another, found in one walk however many there are.

/// Of each node the number of its component: two nodes of one component lead to each other. `edges` has for each
/// node those it leads to.
pub(crate) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    // Tarjan's algorithm, with a list for a stack: a document may lead farther than a stack does.
    let mut order = vec![UNSEEN; edges.len()];
    let mut lowest = vec![UNSEEN; edges.len()];
    let mut component = vec![UNSEEN; edges.len()];
    let (mut seen, mut found) = (0, 0);
    let mut path: Vec<usize> = Vec::new();
    for start in 0..edges.len() {
        if order[start] != UNSEEN {
            continue;
        }
        // A node, and how many of its edges were gone along.
        let mut open: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((node, gone)) = open.last_mut() {
            let node = *node;
            if *gone == 0 {
                order[node] = seen;
                lowest[node] = seen;
                seen += 1;
                path.push(node);
            }
            if let Some(&next) = edges[node].get(*gone) {
                *gone += 1;
                if order[next] == UNSEEN {
                    open.push((next, 0));
                } else if component[next] == UNSEEN {
                    lowest[node] = lowest[node].min(order[next]);
                }
                continue;
            }
            if lowest[node] == order[node] {
                while let Some(member) = path.pop() {
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
            open.pop();
            if let Some((parent, _)) = open.last() {
                lowest[*parent] = lowest[*parent].min(lowest[node]);
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What leads where, step by step, is what the components say.
    #[test]
    fn nodes_are_of_one_component_just_if_they_lead_to_each_other() {
        let graphs: [&[&[usize]]; 6] = [
            &[],
            &[&[0], &[], &[1, 2]],
            &[&[1], &[2], &[0, 3], &[4], &[3], &[0]],
            &[&[1, 2], &[3], &[3], &[]],
            &[&[1, 1], &[0, 2], &[2, 1, 3], &[]],
            &[&[3], &[0], &[1], &[2, 4], &[5], &[6], &[4]],
        ];
        for graph in graphs {
            let edges: Vec<Vec<usize>> = graph.iter().map(|edges| edges.to_vec()).collect();
            let reaches = |from: usize, to: usize| {
                let mut seen = vec![false; edges.len()];
                let mut open = vec![from];
                while let Some(node) = open.pop() {
                    if !std::mem::replace(&mut seen[node], true) {
                        open.extend(&edges[node]);
                    }
                }
                seen[to]
            };
            let component = components(&edges);
            for a in 0..edges.len() {
                for b in 0..edges.len() {
                    let both = reaches(a, b) && reaches(b, a);
                    assert_eq!(component[a] == component[b], both, "{graph:?}: {a} and {b}");
                }
            }
        }
    }

    #[test]
    fn a_long_way_needs_no_deep_stack() {
        let mut edges: Vec<Vec<usize>> = (1..200_000).map(|next| vec![next]).collect();
        edges.push(vec![100_000]);
        let component = components(&edges);
        assert!(component[100_000] == component[199_999] && component[99_999] != component[100_000]);
    }
}
