// The icons an entity may name in its description.
import type { Component } from 'svelte';
import Box from '@lucide/svelte/icons/box';
import Building from '@lucide/svelte/icons/building-2';
import Home from '@lucide/svelte/icons/house';
import Wrench from '@lucide/svelte/icons/wrench';
import Folder from '@lucide/svelte/icons/folder';
import GitBranch from '@lucide/svelte/icons/git-branch';
import Handshake from '@lucide/svelte/icons/handshake';
import Key from '@lucide/svelte/icons/key-round';
import ListChecks from '@lucide/svelte/icons/list-checks';
import Message from '@lucide/svelte/icons/message-square-text';
import Network from '@lucide/svelte/icons/network';
import Shield from '@lucide/svelte/icons/shield';
import Tag from '@lucide/svelte/icons/tag';
import User from '@lucide/svelte/icons/user-round';
import UserCog from '@lucide/svelte/icons/user-cog';
import Users from '@lucide/svelte/icons/users-round';

export type Icon = Component<{ size?: number }>;

const named: Record<string, Icon> = {
  user: User, person: User, users: Users, team: Users, group: Users, building: Building, company: Building, message: Message, interaction: Message, task: ListChecks, check: ListChecks,
  network: Network, department: Network, tag: Tag, role: Shield, shield: Shield, branch: GitBranch, relation: Handshake, handshake: Handshake, folder: Folder, account: UserCog, key: Key, house: Home, wrench: Wrench,
};

export const iconOf = (icon: string, name = ''): Icon => named[name] ?? named[icon] ?? Box;
