// Command volumes provisions the test cluster's persistent volumes: a folder for each claim, removed with it.
//
// The volumes are of the type "local", because there, as on real storage and unlike with hostPath, the kubelet applies
// a pod's fsGroup: a pod that could not write to a cloud disk cannot write here either.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

type folders struct{ root string }

// Provision makes the folder of one claim and describes it as a volume that only this node has.
func (f folders) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*core.PersistentVolume, controller.ProvisioningState, error) {
	folder := filepath.Join(f.root, options.PVName)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	claim := options.PVC.Spec
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   claim.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Resources.Requests[core.ResourceStorage]},
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: folder}},
			NodeAffinity:                  &core.VolumeNodeAffinity{Required: onNode(options.SelectedNodeName)},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the folder of a volume and everything in it.
func (f folders) Delete(_ context.Context, volume *core.PersistentVolume) error {
	folder := filepath.Join(f.root, volume.Name)
	if volume.Spec.Local == nil || volume.Spec.Local.Path != folder {
		return fmt.Errorf("%s is not a folder of %s", volume.Name, f.root)
	}
	return os.RemoveAll(folder)
}

func onNode(name string) *core.NodeSelector {
	return &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
		MatchExpressions: []core.NodeSelectorRequirement{{
			Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{name},
		}},
	}}}
}

func run(kubeconfig, root, provisioner string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	controller.NewProvisionController(
		ctx, client, provisioner, folders{root: root}, controller.LeaderElection(false),
	).Run(ctx)
	return nil
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	root := flag.String("root", "", "the folder that holds the volumes' folders")
	provisioner := flag.String("provisioner", "", "the name by which StorageClasses ask for this program")
	flag.Parse()
	if err := run(*kubeconfig, *root, *provisioner); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
